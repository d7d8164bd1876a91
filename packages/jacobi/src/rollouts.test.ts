/** Many steps of an integrator in one program: straight-line code of any length, with the numbers of closed forms and differences. */
import { expect, test } from 'vitest';
import type { Tensor } from './index.ts';
import * as j from './index.ts';

type State = readonly Tensor[];
type Flow = (x: State) => State;

const { add, div, mul, stack, sub, unstack } = j;
const f64 = (data: number | number[] | number[][]): Tensor => j.tensor(data, { dtype: 'float64' });
const ahead = (x: State, h: number, k: State): Tensor[] => x.map((each, i) => add(each, mul(h, k[i]!)));

/** One step of Runge and Kutta's method. */
function step(f: Flow, x: State, h: number): Tensor[] {
  const k1 = f(x);
  const k2 = f(ahead(x, h / 2, k1));
  const k3 = f(ahead(x, h / 2, k2));
  const k4 = f(ahead(x, h, k3));
  return x.map((each, i) => add(each, mul(h / 6, add(add(k1[i]!, mul(2, k2[i]!)), add(mul(2, k3[i]!), k4[i]!)))));
}

function rollout(f: Flow, x: Tensor, count: number, h: number): Tensor {
  let state: State = unstack(x);
  for (let i = 0; i < count; i++) state = step(f, state, h);
  return stack(state);
}

const last = (text: string): string => text.split('\n').at(-1)!;
const stepsOf = (text: string): number => Number(/straight-line code of (\d+) steps/.exec(last(text))?.[1]);

/** Van der Pol's oscillator with a third state that follows it, so that no Jacobian is square or symmetric. */
const oscillator =
  (mu: Tensor): Flow =>
  ([x, v, w]) => [v!, sub(mul(mu, mul(sub(1, mul(x!, x!)), v!)), x!), sub(mul(0.5, x!), div(w!, add(2, mul(v!, v!))))];
const from = [0.7, -0.3, 0.2];
const end = (x: Tensor, mu: Tensor): Tensor => rollout(oscillator(mu), x, 70, 0.02);

/** The product of two matrices in plain numbers. */
const times = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => b[0]!.map((_, c) => row.reduce((total, each, k) => total + each * b[k]![c]!, 0)));

test('a linear system: the power of one step’s polynomial', () => {
  const A = [
    [0, 1, 0.3],
    [-1.3, -0.2, 0],
    [0.4, 0, -0.7],
  ];
  const flow: Flow = (x) => A.map((row) => row.map((a, i) => mul(a, x[i]!)).reduce((total, each) => add(total, each)));
  const h = 0.03;
  const identity = A.map((row, r) => row.map((_, c) => Number(r === c)));
  let term = identity;
  let one = identity;
  for (let k = 1; k <= 4; k++) {
    term = times(term, A).map((row) => row.map((each) => (each * h) / k));
    one = one.map((row, r) => row.map((each, c) => each + term[r]![c]!));
  }
  const whole = Array.from({ length: 60 }, () => one).reduce(times, identity);
  const J = j.prepareJacobian((x: Tensor) => rollout(flow, x, 60, h), { shape: [3], dtype: 'float64' });
  const [value, table] = J.valueAndJacobian(f64(from)) as [Tensor, Tensor];
  const expected = times(
    whole,
    from.map((each) => [each]),
  );
  value.dataSync().forEach((each, i) => expect(each).toBeCloseTo(expected[i]![0]!, 13));
  table.dataSync().forEach((each, i) => expect(each).toBeCloseTo(whole.flat()[i]!, 13));
});

test('more than 16,384 steps: the Jacobian of eager rows and of central differences, by state and parameter', () => {
  const spec = { shape: [3], dtype: 'float64' } as const;
  const J = j.prepareJacobian(end, [spec, { ...spec, shape: [] }], { argnums: [0, 1] });
  expect(stepsOf(J.explain())).toBeGreaterThan(16_384);
  const [byState, byMu] = J(f64(from), f64(1.1)) as [Tensor, Tensor];
  const [eagerState, eagerMu] = j.jacobian(end, { argnums: [0, 1] })(f64(from), f64(1.1)) as [Tensor, Tensor];
  for (const [one, other] of [
    [byState, eagerState],
    [byMu, eagerMu],
  ] as const)
    one.dataSync().forEach((each, i) => expect(each).toBeCloseTo(other.dataSync()[i]!, 12));
  const d = 1e-5;
  const value = j.jit(end);
  const at = (x: number[], mu: number): number[] => [...(value(f64(x), f64(mu)) as Tensor).dataSync()];
  const moved = (c: number, by: number): number[] => from.map((each, i) => (i === c ? each + by : each));
  for (let c = 0; c < 4; c++) {
    const [up, down] = [d, -d].map((by) => (c < 3 ? at(moved(c, by), 1.1) : at(from, 1.1 + by))) as [
      number[],
      number[],
    ];
    up.forEach((each, r) => {
      const exact = c < 3 ? byState.dataSync()[3 * r + c]! : byMu.dataSync()[r]!;
      expect((each - down[r]!) / (2 * d)).toBeCloseTo(exact, 8);
    });
  }
});

test('the same for each of five rows, in float32: what each gives by itself', () => {
  const x = j.tensor(
    Float32Array.from({ length: 15 }, (_, i) => Math.sin(3 * i) / 2),
    { shape: [5, 3] },
  );
  const mu = j.tensor(0.9);
  const gradient = j.grad((t: Tensor) => j.sum(j.square(rollout(oscillator(mu), t, 60, 0.02))));
  const rows = (j.jit(j.vmap(gradient))(x) as Tensor).arraySync() as number[][];
  const one = j.jit(gradient);
  rows.forEach((row, i) => {
    const alone = (one(j.reshape(j.slice(x, [i, 0], [1, 3]), [3])) as Tensor).dataSync();
    row.forEach((each, c) => expect(Math.abs(each - alone[c]!)).toBeLessThan(2e-6 * (1 + Math.abs(each))));
  });
});

test('explain says why kernels are no straight line', () => {
  const why = (f: (x: Tensor) => Tensor, shape: number[]): string | undefined =>
    /, not straight-line code \((.*)\)$/.exec(last(j.prepareJacobian(f, { shape }).explain()))?.[1];
  expect(why((x) => j.sin(j.cumsum(x)), [150])).toBe('23101 steps, of 16384 at most; smaller programs may be');
  expect(why((x) => mul(j.sum(j.exp(x)), x), [300])).toBe('a sum of 300 elements, of 256 at most');
  expect(why((x) => j.matmul(j.tanh(j.matmul(x, x)), x), [24, 24])).toMatch(/^\d+ terms, of 1000000 at most; /);
  expect(why((x) => j.matmul(j.tanh(j.matmul(x, x)), x), [3, 3])).toBeUndefined();
});
