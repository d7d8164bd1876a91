/**
 * Fusion on the plans of real programs: whatever samples and random programs, and their Jacobians, are lowered to runs twice,
 * as it is and after all passes, and must give the same bits.
 */
import type { Backend, Executable, Plan, TypedArray } from '@jacobi/backend';
import { createCpuBackend } from '@jacobi/backend-cpu';
import { GradientTape, jacobian } from '@jacobi/jacobian';
import type { Tensor } from '@jacobi/tensor';
import { withBackend } from '@jacobi/tensor';
import type { RandomProgram } from '@jacobi/testing/programs';
import { describeProgram, operationNames, runProgram, sourcesOf } from '@jacobi/testing/programs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkPlan } from './check.ts';
import type { Zeros } from './fuse-body.ts';
import { fusePlan } from './fuse-plan.ts';
import { printPlan } from './print.ts';

/** A CPU backend that runs every plan twice and compares. `shrunk` counts plans that have become shorter. */
function comparing(zeros: Zeros): {
  readonly backend: Backend;
  readonly counts: { plans: number; before: number; after: number };
} {
  const cpu = createCpuBackend();
  const twins = new Map<Executable, readonly [Plan, Plan, Executable]>();
  const counts = { plans: 0, before: 0, after: 0 };
  // Where zeros vanish, they may lose their sign.
  const isSame = (a: number, b: number): boolean => Object.is(a, b) || (zeros === 'vanish' && a === b);
  const backend: Backend = {
    ...cpu,
    compile(plan) {
      const after = fusePlan(plan, { zeros }, checkPlan);
      counts.plans++;
      counts.before += plan.steps.length;
      counts.after += after.steps.length;
      const executable = cpu.compile(plan);
      twins.set(executable, [plan, after, cpu.compile(after)]);
      return executable;
    },
    run(executable, inputs, outputs) {
      const [plan, after, twin] = twins.get(executable)!;
      cpu.run(executable, inputs, outputs);
      const others = outputs.map((buffer) => (buffer as TypedArray).slice());
      for (const other of others) other.fill(77);
      cpu.run(twin, inputs, others);
      others.forEach((other, i) => {
        const problem = other.findIndex((value, e) => !isSame(value, (outputs[i] as TypedArray)[e]!));
        if (problem >= 0) throw new Error(`output ${i}[${problem}] differs\n${printPlan(plan)}\n${printPlan(after)}`);
      });
    },
  };
  return { backend, counts };
}

const step = fc.record({
  op: fc.nat(operationNames.length - 1),
  a: fc.oneof({ weight: 3, arbitrary: fc.nat(0) }, { weight: 1, arbitrary: fc.nat(5) }),
  b: fc.nat(5),
  p: fc.nat(23),
  q: fc.nat(5),
});

/** Programs over sources of these sizes. */
function programs(sizes: readonly number[], steps: number): fc.Arbitrary<RandomProgram> {
  const shape = fc.array(fc.constantFrom(...sizes), { maxLength: 3 }).filter((s) => s.reduce((a, b) => a * b, 1) <= 12);
  return fc.record({
    sources: fc.array(shape, { minLength: 1, maxLength: 2 }),
    steps: fc.array(step, { minLength: 1, maxLength: steps }),
  });
}

test.each([
  ['sizes 1 to 4', 'exact', [2, 3, 1, 4], 300],
  ['sizes 1 to 4, zeros vanish', 'vanish', [2, 3, 1, 4], 200],
  ['nothing in an axis', 'exact', [0, 2, 3], 100],
] as const)('Jacobians of random programs, %s', (_name, zeros, sizes, numRuns) => {
  const { backend, counts } = comparing(zeros);
  withBackend(backend, () => {
    fc.assert(
      fc.property(programs(sizes, 8), (p) => {
        const f = (...xs: Tensor[]): Tensor => runProgram(p, xs);
        try {
          const xs = sourcesOf(p);
          jacobian(f, { argnums: xs.map((_, i) => i) })(...xs);
          const tape = new GradientTape({ persistent: true });
          const y = tape.record(() => {
            tape.watch([...xs]);
            return f(...xs);
          });
          for (const mode of ['forward', 'reverse'] as const) tape.jacobian(y, xs, { mode, unconnected: 'zero' });
        } catch (error) {
          throw new Error(describeProgram(p), { cause: error });
        }
      }),
      { numRuns, seed: 11 },
    );
  });
  expect(counts.after).toBeLessThan(0.8 * counts.before);
});
