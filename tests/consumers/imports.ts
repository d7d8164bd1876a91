/*
 * Compiled as a user's code: strict, skipLibCheck off, `lib` without DOM and without esnext.disposable, no @types.
 * Every public entry is loaded, so that each of their declaration files is read by each TypeScript.
 */
import * as autograd from '@jacobi/autograd';
import * as backend from '@jacobi/backend';
import * as backendCpu from '@jacobi/backend-cpu';
import * as compiler from '@jacobi/compiler';
import * as jacobian from '@jacobi/jacobian';
import * as nn from '@jacobi/nn';
import * as tensor from '@jacobi/tensor';
import * as jacobi from 'jacobi';

export const all: readonly object[] = [autograd, backend, backendCpu, compiler, jacobian, nn, tensor, jacobi];
