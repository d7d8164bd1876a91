/** Prepared Jacobians composed of local partials: closed forms, the same numbers as seeds, and one order for all calls. */
import { grad, vmap } from '@jacobi/autograd';
import { createCpuBackend } from '@jacobi/backend-cpu';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import {
  abs,
  add,
  concat,
  cos,
  div,
  exp,
  log,
  matmul,
  maximum,
  mul,
  neg,
  prod,
  relu,
  reshape,
  sin,
  slice,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tanh,
  tensor,
  unstack,
  variable,
  where,
  withBackend,
} from '@jacobi/tensor';
import { differences, expectDense } from '@jacobi/testing/jacobians';
import { describe, expect, test } from 'vitest';
import { jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';

const f64 = (data: NestedLike): Tensor => tensor(data, { dtype: 'float64' });
const spec = (...shape: number[]) => ({ shape, dtype: 'float64' as const });
const wordsOf = (words: string): string => /composed: (.*)/.exec(words)?.[1] ?? 'not composed';
/** The order that was taken. */
const orderOf = (J: { explain(): string }): string => wordsOf(J.explain()).split(',')[0]!;

/** A planet's motion: (x, v)′ = (v, −x/|x|³). */
function kepler(s: Tensor): Tensor {
  const [x, y, z, u, v, w] = unstack(s) as Tensor[] as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const r2 = add(add(square(x), square(y)), square(z));
  const k = div(-1, mul(r2, sqrt(r2)));
  return stack([u, v, w, mul(k, x), mul(k, y), mul(k, z)]);
}

/** By hand: ∂(−xᵢ/r³)/∂xⱼ = 3xᵢxⱼ/r⁵ − δᵢⱼ/r³. */
function keplerByHand(s: readonly number[]): number[] {
  const x = s.slice(0, 3);
  const r = Math.hypot(...x);
  const row = (i: number): number[] =>
    i < 3
      ? s.map((_, j) => (j === i + 3 ? 1 : 0))
      : s.map((_, j) => (j > 2 ? 0 : (3 * x[i - 3]! * x[j]!) / r ** 5 - (j === i - 3 ? 1 / r ** 3 : 0)));
  return s.flatMap((_, i) => row(i));
}

/** One step of Runge and Kutta's method. */
const step =
  (f: (s: Tensor) => Tensor, h: number) =>
  (s: Tensor): Tensor => {
    const a = f(s);
    const b = f(add(s, mul(a, h / 2)));
    const c = f(add(s, mul(b, h / 2)));
    const d = f(add(s, mul(c, h)));
    return add(s, mul(add(add(a, d), mul(add(b, c), 2)), h / 6));
  };

const at = [0.8, -0.3, 0.5, 0.1, 0.9, -0.2];

describe('closed forms', () => {
  test('a planet: six products less than from seeds', () => {
    const J = prepareJacobian(kepler, spec(6));
    const values = (J(f64(at)) as Tensor).dataSync();
    keplerByHand(at).forEach((value, i) => expect(values[i]).toBeCloseTo(value, 13));
    const [, taken, seeds] = /, (\d+) multiplications \(seeds (\d+)/.exec(wordsOf(J.explain()))!;
    expect(Number(seeds) - Number(taken)).toBeGreaterThanOrEqual(6);
  });

  test('a step of its path: what moves freely moves by h', () => {
    const h = 0.01;
    const f = step(kepler, h);
    const J = prepareJacobian(f, spec(6));
    expectDense(J(f64(at)) as Tensor, differences(f, f64(at)));
    // Neither mode: between the stages there are waists.
    expect(orderOf(J)).not.toMatch(/seeds|forward|reverse|not composed/);
    // Far away nothing attracts: x + hv.
    const far = (J(f64([1e8, 1e8, 0, 1, 2, 3])) as Tensor).arraySync() as number[][];
    far.forEach((row, i) =>
      row.forEach((value, j) => expect(value).toBeCloseTo(i === j ? 1 : j === i + 3 ? h : 0, 12)),
    );
  });

  test('the Hessian of a product of squares, and of a program with an inner Jacobian', () => {
    const f = (x: Tensor): Tensor => prod(square(x));
    const H = prepareJacobian(grad(f), spec(3));
    const [a, b, c] = [2, 3, 5];
    const entry = (i: number, j: number): number => {
      const x = [a, b, c];
      const others = x.filter((_, k) => k !== i && k !== j).reduce((p, v) => p * v * v, 1);
      return i === j ? 2 * others : 4 * x[i]! * x[j]! * others;
    };
    expect((H(f64([a, b, c])) as Tensor).arraySync()).toEqual([0, 1, 2].map((i) => [0, 1, 2].map((j) => entry(i, j))));
    const inner = (x: Tensor): Tensor => matmul(jacobian(kepler)(x) as Tensor, reshape(x, [6, 1]));
    expectDense(prepareJacobian(inner, spec(6))(f64(at)) as Tensor, differences(inner, f64(at)));
  });
});

describe('the same numbers', () => {
  const f = step(kepler, 0.1);

  test('as jacfwd and jacrev, and as in modes that are asked for', () => {
    const x = f64(at);
    const truth = (jacfwd(f)(x) as Tensor).dataSync();
    for (const J of [
      prepareJacobian(f, spec(6)),
      prepareJacobian(f, spec(6), { mode: 'forward' }),
      prepareJacobian(f, spec(6), { mode: 'reverse' }),
      prepareJacobian(f, spec(6), { chunkSize: 2 }),
      jacrev(f),
    ])
      (J(x) as Tensor).dataSync().forEach((value, i) => expect(value).toBeCloseTo(truth[i]!, 13));
    for (const options of [{ mode: 'forward' }, { mode: 'reverse' }, { chunkSize: 2 }, { memoryBudget: 1000 }] as const)
      expect(prepareJacobian(f, spec(6), options).explain()).not.toContain('composed');
  });

  test('bit by bit from every call, whichever comes first', () => {
    const x = f64(at);
    const value = new Float64Array(6);
    const calls: readonly ((J: ReturnType<typeof prepareJacobian>) => ArrayLike<number>)[] = [
      (J) => (J(x) as Tensor).dataSync(),
      (J) => J.into(x, new Float64Array(36)),
      (J) => J.into(Float64Array.from(at), new Float64Array(36), { value }),
      (J) => (J.valueAndJacobian(x)[1] as Tensor).dataSync(),
    ];
    const truth = Array.from(calls[0]!(prepareJacobian(f, spec(6))));
    for (const first of calls) {
      const J = prepareJacobian(f, spec(6));
      for (const call of [first, ...calls]) expect(Array.from(call(J))).toEqual(truth);
    }
    expect([...value]).toEqual([...(f(x).dataSync() as Float64Array)]);
  });

  test('of several arguments and results, with aux, beside a result that does not depend on them', () => {
    const g = (x: Tensor, { y }: { y: Tensor }): unknown => {
      const r = sqrt(add(sum(square(x)), square(y)));
      const u = div(x, r);
      const s = add(sum(mul(u, sin(u))), y);
      return [{ a: div(u, mul(s, s)), b: mul(exp(r), y), c: tensor([1, 2], { dtype: 'float64' }) }, mul(r, 2)];
    };
    const x = f64([1, 2, 2]);
    const y = f64(4);
    const argnums = [0, 1] as const;
    const J = prepareJacobian(g, [spec(3), { y: spec() }], { argnums, hasAux: true });
    const [, made, aux] = J.valueAndJacobian(x, { y });
    const [truth] = jacobian(g, { argnums, hasAux: true })(x, { y });
    for (const name of ['a', 'b', 'c'])
      for (const [i, leaf] of [made[name][0], made[name][1].y].entries()) {
        const own = i === 0 ? truth[name][0] : truth[name][1].y;
        expect(leaf.shape).toEqual(own.shape);
        [...leaf.dataSync()].forEach((value, k) => expect(value).toBeCloseTo(own.dataSync()[k], 12));
      }
    expect(aux.dataSync()[0]).toBe(10);
    expect(orderOf(J)).not.toMatch(/seeds|not composed/);
    expect((J(x, { y })[0].a[0] as Tensor).arraySync()).toEqual(made.a[0].arraySync());
  });

  test('in float32, and from float32 to float64', () => {
    const J = prepareJacobian(f, { shape: [6] });
    // Neither mode: between the stages there are waists.
    expect(orderOf(J)).not.toMatch(/seeds|forward|reverse|not composed/);
    const made = J(tensor(at)) as Tensor;
    expect(made.dtype).toBe('float32');
    const truth = (jacobian(f)(f64(at)) as Tensor).dataSync();
    made.dataSync().forEach((value, i) => expect(value).toBeCloseTo(truth[i]!, 5));
    const wide = prepareJacobian((x: Tensor) => f(mul(x, tensor(1, { dtype: 'float64' }))), { shape: [6] })(tensor(at));
    expect((wide as Tensor).dtype).toBe('float64');
    (wide as Tensor).dataSync().forEach((value, i) => expect(value).toBeCloseTo(truth[i]!, 6));
  });

  test.each([1, 2, 3, 7])('over a batch of %i, each example as by itself', (count) => {
    const rows = Array.from({ length: count }, (_, i) => at.map((v, k) => v + 0.1 * Math.sin(i + k)));
    const J = prepareJacobian(vmap(f), spec(count, 6), { batch: true });
    const made = (J(f64(rows)) as Tensor).arraySync() as number[][][];
    const single = prepareJacobian(f, spec(6));
    rows.forEach((row, i) => {
      const own = (single(f64(row)) as Tensor).arraySync() as number[][];
      own.forEach((line, a) => line.forEach((value, b) => expect(made[i]![a]![b]).toBeCloseTo(value, 12)));
    });
    expect(orderOf(J)).not.toMatch(/seeds|not composed/);
  });

  test('residuals of a fit: rows of data, shared parameters', () => {
    const t = Float64Array.from({ length: 9 }, (_, i) => i / 4);
    const residuals = (p: Tensor): Tensor => {
      const [a, b, c, d] = unstack(p) as Tensor[] as [Tensor, Tensor, Tensor, Tensor];
      const bell = exp(neg(square(div(sub(tensor(t), b), c))));
      return sub(div(bell, add(a, mul(bell, d))), 0.5);
    };
    const J = prepareJacobian(residuals, spec(4));
    const p = f64([0.7, 1.1, 0.6, 0.4]);
    expectDense(J(p) as Tensor, differences(residuals, p));
    expect(orderOf(J)).not.toBe('not composed');
  });

  test('variables are read at each call', () => {
    const w = variable([1, 2, 3], { dtype: 'float64' });
    const g = (x: Tensor): Tensor => {
      const t = tanh(mul(x, w.value));
      return stack([sum(t), sum(square(t)), prod(t)]);
    };
    const J = prepareJacobian(g, spec(3));
    const x = f64([0.1, 0.2, 0.3]);
    for (const values of [
      [1, 2, 3],
      [4, 0, -1],
    ]) {
      w.assign(values);
      expectDense(J(x) as Tensor, differences(g, x));
    }
  });
});

describe('kinks and infinities', () => {
  const composed = (f: (x: Tensor) => Tensor, x: number[]): unknown => {
    const J = prepareJacobian(f, spec(x.length));
    return (J(f64(x)) as Tensor).arraySync();
  };

  test('what a mask hides stays zero behind an infinite slope, and before it', () => {
    const f = (x: Tensor): Tensor => {
      const [a, b] = unstack(x) as [Tensor, Tensor];
      const zero = mul(a, 0);
      const safe = where(b, sqrt(a), zero);
      return stack([mul(safe, b), add(where(b, zero, log(a)), mul(safe, safe)), sqrt(where(b, a, add(zero, 4)))]);
    };
    const g = (x: Tensor): Tensor =>
      f(mul(x, stack([tensor(1, { dtype: 'float64' }), tensor(1, { dtype: 'float64' })])));
    expect((composed(g, [0, 0]) as number[][])[0]![0]).toBe(0);
    expect((composed(g, [4, 1]) as number[][])[2]![0]).toBe(0.25);
    expect((composed(g, [0, 0]) as number[][])[2]![0]).toBe(0);
  });

  test('slopes at kinks are those of the rows, as by jacfwd', () => {
    const f = (x: Tensor): Tensor => {
      const y = mul(relu(x), abs(sub(x, 1)));
      const m = maximum(y, mul(x, 2));
      return concat([mul(m, sum(m)), mul(y, slice(m, [0], [1]))], 0);
    };
    for (const x of [
      [0, 1, -1],
      [1, 1, 0],
      [-2, 3, 0.5],
    ]) {
      const J = prepareJacobian(f, spec(3));
      expect((J(f64(x)) as Tensor).arraySync()).toEqual((jacfwd(f)(f64(x)) as Tensor).arraySync());
    }
  });

  test('an infinite entry stays where it belongs', () => {
    const f = (x: Tensor): Tensor => {
      const [a, b, c] = unstack(x) as [Tensor, Tensor, Tensor];
      const r = sqrt(a);
      return stack([mul(r, 3), mul(mul(b, c), sin(b)), add(r, mul(c, b)), cos(mul(c, c))]);
    };
    const made = composed(f, [0, 2, 3]) as number[][];
    expect(made.map((row) => row[0])).toEqual([Infinity, 0, Infinity, 0]);
    expect(made.flatMap((row) => row.slice(1)).every(Number.isFinite)).toBe(true);
  });
});

describe('what is said', () => {
  test('each order with its multiplications, once for all results', () => {
    withBackend({ ...createCpuBackend(), traits: { ...createCpuBackend().traits, simdLanes: 4 } }, () => {
      const J = prepareJacobian(kepler, spec(6));
      expect(J.explain()).toMatchInlineSnapshot(`
        "Jacobian of float64[6] with respect to float64[6], through 25 rows
          mode:  forward (6 forward or 6 reverse seeds, 150 or 150 flops: the fewer)
          seeds: 6, as one block
          cost:  about 150 flops, 576 bytes between
          source 0: 36 of 36 entries can differ from zero
          composed: forward, 24 multiplications (seeds 31, reverse 24, preaccumulated 24, Markowitz 24, look-ahead 24, fewest edges 24)
          runs:  on cpu, straight-line code of 37 steps, 24 of them multiplications"
      `);
    });
  });

  test('nothing where there is no straight line', () => {
    const large = prepareJacobian((x: Tensor) => matmul(x, x), { shape: [40, 40] });
    expect(large.explain()).not.toContain('composed');
  });
});
