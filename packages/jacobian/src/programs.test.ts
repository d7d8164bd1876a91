/** Random programs: every way to a Jacobian gives the same numbers, those of central differences. */
import { grad, jit, jvp, vjp, vmap } from '@jacobi/autograd';
import { stats } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import type { Dense } from '@jacobi/testing/jacobians';
import { differences, expectDense, float64, summedBatch } from '@jacobi/testing/jacobians';
import type { RandomProgram } from '@jacobi/testing/programs';
import { describeProgram, operationNames, runProgram, sourcesOf } from '@jacobi/testing/programs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TapeJacobianOptions } from './index.ts';
import { GradientTape, jacfwd, jacobian, jacrev, MixedRowsError, prepareJacobian } from './index.ts';

const step = fc.record({
  op: fc.nat(operationNames.length - 1),
  a: fc.oneof({ weight: 3, arbitrary: fc.nat(0) }, { weight: 1, arbitrary: fc.nat(5) }),
  b: fc.nat(5),
  p: fc.nat(23),
  q: fc.nat(5),
});

function programs(sizes: readonly number[], steps: number, elements = 9, sources = 2): fc.Arbitrary<RandomProgram> {
  const shape = fc
    .array(fc.constantFrom(...sizes), { maxLength: 3 })
    .filter((s) => s.reduce((a, b) => a * b, 1) <= elements);
  return fc.record({
    sources: fc.array(shape, { minLength: 1, maxLength: sources }),
    steps: fc.array(step, { minLength: 1, maxLength: steps }),
  });
}

/** Runs a property; a failure says which program it was. */
function forPrograms(
  arbitrary: fc.Arbitrary<RandomProgram>,
  numRuns: number,
  check: (p: RandomProgram, xs: Tensor[], f: (...xs: Tensor[]) => Tensor) => void,
): void {
  fc.assert(
    fc.property(arbitrary, (p) => {
      try {
        check(p, sourcesOf(p), (...args) => runProgram(p, args));
      } catch (error) {
        throw new Error(describeProgram(p), { cause: error });
      }
    }),
    { numRuns, seed: 7 },
  );
}

const truths = (xs: readonly Tensor[], f: (...xs: Tensor[]) => Tensor): Dense[] =>
  xs.map((x, i) => differences((t) => f(...xs.map((other, k) => (k === i ? t : other))), x));

function taped(xs: readonly Tensor[], f: (...xs: Tensor[]) => Tensor): { tape: GradientTape; y: Tensor } {
  const tape = new GradientTape({ persistent: true });
  const y = tape.record(() => {
    tape.watch([...xs]);
    return f(...xs);
  });
  return { tape, y };
}

type Options = TapeJacobianOptions<'zero'>;
const settings: readonly Options[] = (['auto', 'forward', 'reverse'] as const).flatMap((mode) =>
  [{}, { chunkSize: 1 }, { chunkSize: 2 }, { chunkSize: 7 }, { memoryBudget: 300 }].map((o) => ({
    ...o,
    mode,
    unconnected: 'zero' as const,
  })),
);

test('tape.jacobian in all modes and chunks', () => {
  forPrograms(programs([2, 3, 1], 7), 400, (_p, xs, f) => {
    const { tape, y } = taped(xs, f);
    const truth = truths(xs, f);
    for (const options of settings) {
      tape
        .jacobian(y, xs, options)
        .forEach((J, i) => expectDense(J, truth[i]!, `source ${i}, ${JSON.stringify(options)}`));
    }
  });
});

test('a second recording of the same program finds its plans', () => {
  forPrograms(programs([2, 3, 1], 7), 150, (_p, xs, f) => {
    const run = (inputs: readonly Tensor[]): void => {
      const { tape, y } = taped(inputs, f);
      tape.jacobian(y, [...inputs], { unconnected: 'zero' });
    };
    run(xs);
    const { traces, plans, compiles } = stats();
    run(xs.map((x) => ops.mul(x, 0.7)));
    expect([stats().traces, stats().plans, stats().compiles]).toEqual([traces, plans, compiles]);
  });
});

test('batchJacobian is the batch-summed Jacobian, and independence is proved only where it holds', () => {
  let proved = 0;
  forPrograms(programs([2, 3, 1], 6, 12, 1), 900, (_p, xs, f) => {
    const { tape, y } = taped(xs, f);
    const x = xs[0]!;
    if (x.rank < 2 || y.rank < 2 || x.shape[0] !== y.shape[0]) return;
    const full = differences(f, x);
    const truth = summedBatch(full, y.rank);
    for (const mode of ['auto', 'forward', 'reverse'] as const) {
      for (const chunkSize of [1, 1000])
        expectDense(tape.batchJacobian(y, x, { mode, chunkSize, unconnected: 'zero' }), truth, `${mode} ${chunkSize}`);
    }
    expectDense(tape.batchJacobian(y, x, { unconnected: 'zero' }), truth);
    try {
      expectDense(tape.batchJacobian(y, x, { check: true, mode: 'forward', unconnected: 'zero' }), truth, 'forward');
    } catch (error) {
      if (error instanceof MixedRowsError) return;
      throw error;
    }
    proved++;
    const rest = full.data.length / (x.shape[0]! * y.shape[0]!) / (x.size / x.shape[0]!);
    full.data.forEach((v, k) => {
      const from = Math.floor(k / (full.data.length / y.shape[0]!));
      const to = Math.floor(k / (x.size / x.shape[0]!)) % x.shape[0]!;
      if (from !== to) expect(Math.abs(v), `entry ${k} of ${rest}`).toBeLessThan(1e-7);
    });
  });
  expect(proved).toBeGreaterThan(50);
});

test('jacobian, jit, prepareJacobian, and loops over vjp and jvp', () => {
  forPrograms(programs([2, 3, 1], 5, 6), 120, (_p, xs, f) => {
    const truth = truths(xs, f);
    const argnums = xs.map((_, i) => i);
    const spec = xs.map((x) => ({ shape: x.shape, dtype: 'float64' as const }));
    const ways: Record<string, () => Tensor[]> = {
      jacobian: () => jacobian(f, { argnums })(...xs) as Tensor[],
      jacfwd: () => jacfwd(f, { argnums, chunkSize: 3 })(...xs) as Tensor[],
      jacrev: () => jacrev(f, { argnums, memoryBudget: 100 })(...xs) as Tensor[],
      'jacobian of jit': () => jacobian(jit(f), { argnums })(...xs) as Tensor[],
      'jit of jacobian': () => jit(jacobian(f, { argnums }))(...xs) as Tensor[],
      prepared: () => prepareJacobian(f, spec, { argnums })(...xs) as Tensor[],
      'prepared, in chunks': () =>
        prepareJacobian(f, spec, { argnums, mode: 'reverse', chunkSize: 2 })(...xs) as Tensor[],
      'loop over vjp': () => {
        const [y, pullback] = vjp(f, ...xs) as [Tensor, (ct: Tensor) => Tensor[]];
        const rows = basis(y.shape).map((e) => pullback(e));
        return xs.map((x, i) =>
          ops.reshape(
            ops.concat([ops.zeros([0, ...x.shape], { dtype: 'float64' }), ...rows.map((r) => ops.expandDims(r[i]!))]),
            [...y.shape, ...x.shape],
          ),
        );
      },
      'loop over jvp': () =>
        xs.map((x, i) => {
          const y = f(...xs);
          const columns = basis(x.shape).map(
            (e) =>
              jvp(
                f,
                xs,
                xs.map((other, k) => (k === i ? e : ops.zerosLike(other))),
              )[1] as Tensor,
          );
          return ops.reshape(ops.stack(columns, y.rank), [...y.shape, ...x.shape]);
        }),
    };
    for (const [name, run] of Object.entries(ways))
      run().forEach((J, i) => expectDense(J, truth[i]!, `${name}, source ${i}`));
  });
});

function basis(shape: readonly number[]): Tensor[] {
  const count = shape.reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, k) =>
    float64(
      Array.from({ length: count }, (_v, i) => (i === k ? 1 : 0)),
      shape,
    ),
  );
}

test('composed of local partials: Hessians as by jacfwd, over a batch as well', () => {
  let composed = 0;
  forPrograms(programs([2, 3, 1], 7, 6, 1), 250, (_p, xs, f) => {
    const [x] = xs as [Tensor];
    const slope = grad((t: Tensor) => ops.sum(f(t))) as (t: Tensor) => Tensor;
    const truth = jacfwd(slope)(x) as Tensor;
    const dense: Dense = { shape: truth.shape, data: Array.from(truth.dataSync()) };
    const J = prepareJacobian(slope, x);
    expectDense(J(x) as Tensor, dense, 'prepared');
    if (!/composed: (?!seeds)/.test(J.explain())) return;
    composed++;
    // A batch Jacobian is of examples that have axes.
    if (x.rank === 0) return;
    const batch = prepareJacobian(vmap(slope), { shape: [2, ...x.shape], dtype: 'float64' }, { batch: true });
    ops.unstack(batch(ops.stack([x, x])) as Tensor).forEach((example, i) => {
      expectDense(example, dense, `example ${i}`);
    });
  });
  expect(composed).toBeGreaterThan(25);
});

test('second order in all four orders of modes', () => {
  forPrograms(programs([2, 3, 1], 4, 4, 1), 120, (_p, xs, f) => {
    const [x] = xs as [Tensor];
    const truth = differences((t) => jacobian(f)(t) as Tensor, x);
    for (const outer of [jacfwd, jacrev]) {
      for (const inner of [jacfwd, jacrev])
        expectDense(outer(inner(f))(x) as Tensor, truth, `${outer.name}(${inner.name})`);
    }
    expectDense(jacobian(jacobian(f))(x) as Tensor, truth, 'jacobian(jacobian)');
    expectDense(jit(jacobian(jit(jacobian(f))))(x) as Tensor, truth, 'jitted');
  });
});

test('sizes of zero: shapes, and agreement of all ways', () => {
  forPrograms(programs([0, 2, 1], 6), 250, (_p, xs, f) => {
    const { tape, y } = taped(xs, f);
    const [first, ...others] = settings.map((options) => tape.jacobian(y, xs, options));
    first!.forEach((J, i) => {
      expect(J.shape).toEqual([...y.shape, ...xs[i]!.shape]);
      for (const other of others) expectDense(other[i]!, J);
    });
    const argnums = xs.map((_, i) => i);
    (prepareJacobian(f, xs, { argnums })(...xs) as Tensor[]).forEach((J, i) => expectDense(J, first![i]!, 'prepared'));
  });
});
