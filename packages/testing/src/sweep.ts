/**
 * The sweep: one test for each operation and property. What it finds out goes into COVERAGE.md by way of the tests' meta data.
 * Tests are imported by nobody, so vitest comes as an argument.
 */
import type { Backend } from '@jacobi/backend';
import { createWasmBackend } from '@jacobi/backend-wasm';
import { withBackend } from '@jacobi/tensor';
import {
  checkAsyncReads,
  checkJit,
  checkOrder1,
  checkOrder2,
  checkValue,
  checkVmap,
  checkVmapOfGrad,
} from './checks.ts';
import { checkJacobians } from './jacobian-checks.ts';
import { checkPoints } from './points.ts';
import type { Sample } from './sample.ts';

/** A column of COVERAGE.md. */
export interface Property {
  readonly title: string;
  readonly check: (sample: Sample) => void | Promise<void>;
  /** In place of a tick: why there is nothing to check for this sample; null if there is. */
  readonly instead: (sample: Sample) => string | null;
}

const always = (): null => null;
const takesFloats = ({ arguments: args }: Sample): boolean => args.some((a) => a.dtype === 'float64');
const differentiable = (sample: Sample): string | null => {
  if (sample.order === 0) return `no derivative: ${sample.reason ?? 'compared at points'}`;
  return takesFloats(sample) ? null : 'no derivative: constant';
};

/** The columns, in order. */
const properties: readonly Property[] = [
  {
    title: 'value',
    check: (sample) => {
      checkValue(sample);
      checkPoints(sample);
    },
    instead: always,
  },
  { title: 'order 1', check: checkOrder1, instead: differentiable },
  { title: 'order 2', check: checkOrder2, instead: differentiable },
  {
    title: 'vmap',
    check: (sample) => {
      checkVmap(sample);
      checkVmapOfGrad(sample);
    },
    instead: ({ arguments: args }) => (args.length === 0 ? 'no arguments' : null),
  },
  { title: 'jit', check: checkJit, instead: always },
  { title: 'jacobian', check: checkJacobians, instead: differentiable },
  { title: 'cpu (async reads)', check: checkAsyncReads, instead: always },
  { title: 'wasm', check: onWasm, instead: always },
];

let wasm: Backend | undefined;

/** Values, derivatives and Jacobians, eager and jitted, on the WebAssembly backend. */
function onWasm(sample: Sample): void {
  wasm ??= createWasmBackend();
  withBackend(wasm, () => {
    checkValue(sample);
    checkPoints(sample);
    checkJit(sample);
    if (differentiable(sample) !== null) return;
    checkOrder1(sample);
    checkJacobians(sample);
  });
}

/** What the sweep needs of vitest. */
export interface Tools {
  readonly describe: (title: string, body: () => void) => void;
  readonly test: (title: string, body: (context: { readonly task: { meta: object } }) => Promise<void>) => void;
}

/** What a test of the sweep says of itself, for COVERAGE.md. */
export interface Coverage {
  readonly operation: string;
  readonly kind: 'primitive' | 'composite';
  readonly property: string;
  /** '✓', or why there is none. */
  readonly word: string;
}

/** Declares the tests for a table of samples. */
export function sweep(
  kind: Coverage['kind'],
  table: Readonly<Record<string, readonly Sample[]>>,
  { describe, test }: Tools,
): void {
  for (const [operation, samples] of Object.entries(table)) {
    describe(operation, () => {
      for (const { title, check, instead } of properties) {
        test(title, async ({ task }) => {
          for (const sample of samples) await check(sample);
          const words = samples.map(instead);
          const word = words.includes(null) ? '✓' : words[0]!;
          Object.assign(task.meta, { coverage: { operation, kind, property: title, word } satisfies Coverage });
        });
      }
    });
  }
}
