/**
 * Random programs: derivatives of compositions, of which nobody thought. Written by fast-check, which makes a failing one small;
 * the seed is fixed, so that a failure stays until it is mended.
 */
import { checkpoint, jit } from '@jacobi/autograd';
import type { Tensor } from '@jacobi/tensor';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { checkJit, checkOrder1, checkOrder2, checkVmap, checkVmapOfGrad } from './checks.ts';
import type { RandomProgram } from './programs.ts';
import { describeProgram, runProgram } from './programs.ts';
import type { Sample } from './sample.ts';
import { real, tensorsFor } from './sample.ts';

const shapes = fc.constantFrom<readonly number[]>([], [1], [3], [2, 3], [3, 3], [2, 1], [2, 1, 3], [0, 2]);
const number = fc.nat({ max: 999 });
const programs: fc.Arbitrary<RandomProgram> = fc.record({
  sources: fc.array(shapes, { minLength: 1, maxLength: 3 }),
  steps: fc.array(fc.record({ op: number, a: number, b: number, p: number, q: number }), {
    minLength: 1,
    maxLength: 8,
  }),
});

/** A program as a sample: what is checked of operations is checked of it. */
function sampleOf(program: RandomProgram): Sample {
  return {
    name: describeProgram(program),
    arguments: program.sources.map((shape) => real(shape, -1, 1)),
    run: (...xs) => runProgram(program, xs),
    float32: false,
  };
}

/** Means of nothing are NaN, and differences of NaN say nothing. */
const isDefined = (sample: Sample): boolean => {
  const y = sample.run(...tensorsFor(sample)) as Tensor;
  return y.dataSync().every(Number.isFinite);
};

type Run = (...xs: Tensor[]) => Tensor;
/** Another way to run a program. */
type Way = (run: Run, program: RandomProgram) => (...xs: Tensor[]) => Tensor;

const each =
  (check: (sample: Sample) => void, way: Way = (run) => run) =>
  () => {
    fc.assert(
      fc.property(programs, (program) => {
        const sample = sampleOf(program);
        fc.pre(isDefined(sample));
        check({ ...sample, run: way(sample.run as Run, program) });
      }),
      { numRuns: 250, seed: 20250611, includeErrorInReport: true },
    );
  };

/** Ways that change nothing of values and derivatives. */
const ways: Record<string, Way> = {
  'in jit': (run) => jit(run),
  'in checkpoint': (run) => checkpoint(run),
  'in jit of checkpoint of jit': (run) => jit(checkpoint(jit(run))),
  'half in jit': (_run, { sources, steps }) => {
    const middle = Math.ceil(steps.length / 2);
    const first = jit((...xs: Tensor[]) => runProgram({ sources, steps: steps.slice(0, middle) }, xs));
    return (...xs) => runProgram({ sources, steps: steps.slice(middle) }, [...xs, first(...xs) as Tensor]);
  },
};

describe('random programs', () => {
  test('gradient = central differences, and jvp = vjp', each(checkOrder1));
  test('second order', each(checkOrder2));
  test('jit = eager, and gradients through both', each(checkJit));
  test('vmap = loop', each(checkVmap));
  test('vmap of grad = grad of each', each(checkVmapOfGrad));
  test.each(Object.entries(ways))('second order %s', (_name, way) => {
    each(checkOrder2, way)();
  });
  test.each(Object.entries(ways))('vmap of grad %s', (_name, way) => {
    each(checkVmapOfGrad, way)();
  });
});
