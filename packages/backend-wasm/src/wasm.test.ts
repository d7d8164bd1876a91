import type { Plan, ScalarFunction, TypedArray } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { withLoops } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { createWasmBackend as create, type WasmBackend, type WasmOptions, wasm } from './index.ts';

const createWasmBackend = (options?: WasmOptions) => withLoops(create(options));

const flat = (slot: number): { slot: number; offset: number; strides: number[] } => ({ slot, offset: 0, strides: [1] });

function unary(fn: ScalarFunction, dtype: 'float32' | 'float64', length: number, ...constants: number[]): Plan {
  const body = [
    ...constants.map((constant) => ({ constant })),
    { fn, args: [0, ...constants.map((_, i) => i + 1)], dtype },
  ];
  return {
    format: 1,
    slots: [
      { dtype, length, role: 'input' },
      { dtype, length, role: 'output' },
    ],
    inputs: [0],
    outputs: [1],
    arenaBytes: 0,
    steps: [{ kind: 'map', shape: [length], inputs: [flat(0)], output: flat(1), body }],
  };
}

function apply(backend: WasmBackend, plan: Plan, x: TypedArray): TypedArray {
  const { dtype, length } = plan.slots[1]!;
  const out = backend.alloc(dtype, length);
  backend.run(backend.compile(plan), [x], [out]);
  return backend.readSync(out);
}

const functions: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(scalar));
const special = [
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  NaN,
  5e-324,
  -5e-324,
  2.2250738585072014e-308,
  1.7976931348623157e308,
];
const LIMITS: Partial<Record<keyof typeof scalar, readonly number[]>> = {
  exp: [1, 1, Math.E, 1 / Math.E, Infinity, 0, NaN, 1, 1, 1, Infinity],
  expm1: [0, -0, Math.E - 1, 1 / Math.E - 1, Infinity, -1, NaN, 5e-324, -5e-324, 2.2250738585072014e-308, Infinity],
  log: [
    -Infinity,
    -Infinity,
    0,
    NaN,
    Infinity,
    NaN,
    NaN,
    -744.4400719213812,
    NaN,
    -708.3964185322641,
    709.782712893384,
  ],
  log1p: [0, -0, Math.LN2, -Infinity, Infinity, NaN, NaN, 5e-324, -5e-324, 2.2250738585072014e-308, 709.782712893384],
  tanh: [0, -0, Math.tanh(1), -Math.tanh(1), 1, -1, NaN, 5e-324, -5e-324, 2.2250738585072014e-308, 1],
  sin: [
    0,
    -0,
    Math.sin(1),
    -Math.sin(1),
    NaN,
    NaN,
    NaN,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    0.004961954789184062,
  ],
  cos: [1, 1, Math.cos(1), Math.cos(1), NaN, NaN, NaN, 1, 1, 1, -0.9999876894265599],
  atan: [
    0,
    -0,
    Math.PI / 4,
    -Math.PI / 4,
    Math.PI / 2,
    -Math.PI / 2,
    NaN,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    Math.PI / 2,
  ],
  acosh: [NaN, NaN, 0, NaN, Infinity, NaN, NaN, NaN, NaN, NaN, 710.4758600739439],
  erf: [0, -0, 0.8427007929497149, -0.8427007929497149, 1, -1, NaN, 5e-324, -5e-324, 2.5107269871883543e-308, 1],
  sigmoid: [0.5, 0.5, 0.7310585786300049, 0.2689414213699951, 1, 0, NaN, 0.5, 0.5, 0.5, 1],
};

describe('functions', () => {
  test('special values, subnormals and the ends of the range', () => {
    const backend = createWasmBackend({ tier: 'module' });
    const x = Float64Array.from(special);
    for (const [name, expected] of Object.entries(LIMITS)) {
      const y = apply(backend, unary(functions[name] as ScalarFunction, 'float64', x.length), x);
      for (const [i, value] of expected.entries()) {
        const off = Object.is(y[i], value) ? 0 : Math.abs(y[i]! - value) / Math.max(Math.abs(value) * 2 ** -52, 5e-324);
        expect(off, `${name}(${x[i]}) is ${y[i]}, not ${value}`).toBeLessThanOrEqual(2);
      }
    }
  });

  test('huge angles are reduced exactly', () => {
    const backend = createWasmBackend({ tier: 'module' });
    const x = Float64Array.of(1e22, 2 ** 500, -123456789012345680000, 6381956970095103 * 2 ** 797);
    const [sin, cos] = [scalar.sin, scalar.cos].map((fn) => apply(backend, unary(fn, 'float64', 4), x));
    expect(sin![0]).toBeCloseTo(-0.8522008497671888, 15);
    expect(cos![0]).toBeCloseTo(0.5232147853951389, 15);
    // The double that comes closest to a multiple of π/2 (J.-M. Muller, "Elementary Functions", section 11.4).
    expect(cos![3]! / -4.687165924254624e-19).toBeCloseTo(1, 14);
    x.forEach((_, i) => expect(sin![i]! ** 2 + cos![i]! ** 2).toBeCloseTo(1, 15));
  });

  test('pow as IEEE says', () => {
    const backend = createWasmBackend({ tier: 'module' });
    const cases: [number, number, number][] = [
      [1, NaN, 1],
      [NaN, 0, 1],
      [-1, Infinity, 1],
      [0, -1, Infinity],
      [-0, -3, -Infinity],
      [-2, 3, -8],
      [-2, 0.5, NaN],
      [-Infinity, 0.5, Infinity],
      [-Infinity, -3, -0],
      [2, -1074, 5e-324],
      [2, 1024, Infinity],
      [0.5, Infinity, 0],
    ];
    for (const [a, b, c] of cases) {
      const [y] = apply(backend, unary(scalar.pow, 'float64', 1, b), Float64Array.of(a));
      expect(y, `${a} to the power ${b}`).toBe(c);
    }
  });

  test('remainders have the sign of the divisor', () => {
    const backend = createWasmBackend({ tier: 'module' });
    for (const [a, b, c] of [
      [5, 3, 2],
      [-5, 3, 1],
      [5, -3, -1],
      [5.5, 0.1, 5.5 % 0.1],
      [1e300, 7, 1e300 % 7],
    ] as const) {
      expect(apply(backend, unary(scalar.floorMod, 'float64', 1, b), Float64Array.of(a))[0]).toBe(c);
    }
  });
});

describe('the backend', () => {
  const square = unary(scalar.square, 'float32', 100_000);

  test('small plans stay in JavaScript, large ones make a module', () => {
    const backend = createWasmBackend();
    apply(backend, unary(scalar.add, 'float32', 4, 1), Float32Array.of(1, 2, 3, 4));
    expect(backend.stats().modules).toBe(0);
    expect(backend.stats().memoryBytes).toBe(0);
    apply(backend, square, new Float32Array(100_000));
    expect(backend.stats().modules).toBe(1);
  });

  test('a plan that is used often becomes a module, with the same results', () => {
    const backend = createWasmBackend();
    const chain: Plan = {
      format: 1,
      slots: [
        { dtype: 'float32', length: 50, role: 'input' },
        { dtype: 'float32', length: 50, role: 'temporary', offset: 0 },
        { dtype: 'float32', length: 50, role: 'output' },
      ],
      inputs: [0],
      outputs: [2],
      arenaBytes: 208,
      steps: [
        {
          kind: 'map',
          shape: [50],
          inputs: [flat(0)],
          output: flat(1),
          body: [{ fn: scalar.exp, args: [0], dtype: 'float32' }],
        },
        {
          kind: 'map',
          shape: [50],
          inputs: [flat(1)],
          output: flat(2),
          body: [{ fn: scalar.sin, args: [0], dtype: 'float32' }],
        },
      ],
    };
    const executable = backend.compile(chain);
    const x = Float32Array.from({ length: 50 }, (_, i) => i / 10);
    const out = backend.alloc('float32', 50);
    backend.run(executable, [x], [out]);
    const first = backend.readSync(out).slice();
    const { modules } = backend.stats();
    for (let i = 0; i < 1000; i++) backend.run(executable, [x], [out]);
    expect(backend.stats().modules).toBeGreaterThan(modules);
    expect(backend.stats().compileTime).toBeGreaterThan(0);
    expect(backend.readSync(out)).toEqual(first);
  });

  test('large inputs stay in memory until they are written to', () => {
    const backend = createWasmBackend({ tier: 'module' });
    const executable = backend.compile(square);
    const x = backend.alloc('float32', 100_000);
    const out = backend.alloc('float32', 100_000);
    backend.write(x, new Float32Array(100_000).fill(3));
    for (let i = 0; i < 3; i++) backend.run(executable, [x], [out]);
    expect(backend.stats().residentBytes).toBe(400_000);
    backend.write(x, new Float32Array(100_000).fill(4));
    backend.run(executable, [x], [out]);
    expect(backend.readSync(out)[99_999]).toBe(16);
    // What a run writes is an input of the next.
    for (let i = 0; i < 3; i++) backend.run(executable, [out], [x]);
    expect(backend.readSync(x)[0]).toBe(256);
    backend.run(executable, [x], [out]);
    backend.run(executable, [out], [x]);
    expect(backend.readSync(x)[0]).toBe(2 ** 32);
  });

  test('memory that is given back is taken again', async () => {
    const backend = await wasm();
    const executable = backend.compile(square);
    const x = new Float32Array(100_000).fill(5);
    const out = backend.alloc('float32', 100_000);
    backend.run(executable, [x], [out]);
    backend.release();
    expect(backend.stats().memoryBytes).toBe(0);
    backend.run(executable, [x], [out]);
    expect(backend.readSync(out)[7]).toBe(25);
    expect(backend.stats().modules).toBe(1);
  });

  test('a plan beyond 4 GiB fails with a message, and the backend goes on', () => {
    const backend = createWasmBackend({ tier: 'module' });
    const huge = unary(scalar.square, 'float64', 300_000_000);
    const empty = new Float64Array(0);
    expect(() => backend.run(backend.compile(huge), [empty], [empty])).toThrow('do not fit into linear memory');
    expect(apply(backend, unary(scalar.neg, 'float32', 2), Float32Array.of(1, 2))).toEqual(Float32Array.of(-1, -2));
  });
});

describe('outputs of which little is written', () => {
  const n = 100;
  const plan = (fill: number): Plan => ({
    format: 1,
    slots: [
      { dtype: 'float32', length: n, role: 'input' },
      { dtype: 'float32', length: n * n, role: 'output' },
    ],
    inputs: [0],
    outputs: [1],
    arenaBytes: 0,
    steps: [
      {
        kind: 'map',
        shape: [n, n],
        inputs: [],
        output: { slot: 1, offset: 0, strides: [n, 1] },
        body: [{ constant: fill }],
      },
      { kind: 'map', shape: [n], inputs: [flat(0)], output: { slot: 1, offset: 0, strides: [n + 1] }, body: [] },
    ],
  });

  test('hold what was written and the filling, in new arrays and in old ones', () => {
    const x = Float32Array.from({ length: n }, (_, i) => i + 1);
    for (const fill of [0, -0, 7]) {
      const backend = createWasmBackend({ tier: 'module' });
      const executable = backend.compile(plan(fill));
      const expected = new Float32Array(n * n).fill(fill);
      x.forEach((value, i) => (expected[i * (n + 1)] = value));
      const old = backend.alloc('float32', n * n);
      backend.write(old, new Float32Array(n * n).fill(3));
      const made = backend.alloc('float32', n * n);
      const own = new Float32Array(n * n).fill(5);
      for (const out of [old, made, made, own]) {
        backend.run(executable, [x], [out]);
        expect(backend.readSync(out).every((value, i) => Object.is(value, expected[i]))).toBe(true);
      }
      // What another plan has written is filled again.
      backend.run(backend.compile(unary(scalar.exp, 'float32', n * n)), [own], [made]);
      backend.run(executable, [x], [made]);
      expect(backend.readSync(made).every((value, i) => Object.is(value, expected[i]))).toBe(true);
    }
  });
});

test.for([
  [{ thread: 2 }, 'wasm: there is no option "thread", only simd, fused, tier, threads'],
  [{ simd: 'no' }, 'wasm: simd must be true or false, not no'],
  [{ tier: 'fast' }, "wasm: tier must be 'auto', 'steps' or 'module', not fast"],
  [5, 'wasm: options must be an object like { simd: true }, not 5'],
] as const)('options %j are refused', async ([options, message]) => {
  expect(() => create(options as WasmOptions)).toThrow(message);
  await expect(wasm(options as WasmOptions)).rejects.toThrow(message);
});
