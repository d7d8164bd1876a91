/**
 * The backend in use. The one idea: every tensor knows its backend; the default decides only where new tensors are made.
 * Must not import tensors.
 */
import type { Backend } from '@jacobi/backend';
import { createCpuBackend } from '@jacobi/backend-cpu';
import { describe } from './describe.ts';
import { ArgumentError } from './errors.ts';

let current: Backend | undefined;
/** The one of the innermost `withBackend`. */
let scoped: Backend | undefined;
let make: () => Backend = createCpuBackend;

/**
 * The backend on which new tensors are made.
 * @example
 * const backend = await cpu();
 * withBackend(backend, () => getBackend().name) // → cpu
 */
export function getBackend(): Backend {
  return scoped ?? (current ??= make());
}

/**
 * Makes `backend` the one on which new tensors are made. Tensors that are there stay where they are, and inside of `withBackend`
 * its own backend holds on.
 * @throws ArgumentError for what is no backend: `cpu()` and its kin give a Promise of one.
 * @example
 * const before = getBackend();
 * setDefaultBackend(await cpu());
 * getBackend().name // → cpu
 * setDefaultBackend(before);
 */
export function setDefaultBackend(backend: Backend): void {
  checkBackend('setDefaultBackend', backend);
  current = backend;
}

/** What makes the default backend when it is needed first: for the umbrella, which knows more of them. @internal */
export function makeDefaultBy(maker: () => Backend): void {
  make = maker;
}

/**
 * Runs `fn` with `backend` as the one on which new tensors are made, and returns what it returns.
 * @throws ArgumentError for what is no backend, and for a callback that returns a Promise.
 * @example
 * const backend = await cpu();
 * withBackend(backend, () => sin(tensor([0, Math.PI / 2]))) // → [0, 1]
 */
export function withBackend<T>(backend: Backend, fn: () => T): T {
  checkBackend('withBackend', backend);
  if (typeof fn !== 'function') throw new ArgumentError(`withBackend: fn must be a function, not ${typeof fn}`);
  const before = scoped;
  scoped = backend;
  try {
    return refusePromise('withBackend', fn());
  } finally {
    scoped = before;
  }
}

/** Returns `result`, unless it is a Promise: what a callback does after an await would escape its scope. */
export function refusePromise<T>(operation: string, result: T): T {
  if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
    throw new ArgumentError(
      `${operation}: the callback returned a Promise: what follows an await is outside. Await first`,
    );
  }
  return result;
}

/** What every device has; a single one of these may be a method of something else. */
const METHODS = ['compile', 'run', 'alloc', 'write', 'read'] as const satisfies readonly (keyof Backend)[];

function checkBackend(operation: string, backend: Backend | null | undefined): void {
  if (METHODS.some((name) => typeof backend?.[name] !== 'function')) {
    throw new ArgumentError(`${operation}: backend must be a Backend (await cpu(), for one), not ${describe(backend)}`);
  }
}
