import { describe, expect, test } from 'vitest';
import { api } from '../wasm-api.ts';
import { Bytes, type Code, signed, signed64, unsigned } from './bytes.ts';
import { choose, f32, f64, i32, i64 } from './expr.ts';
import type { FunctionBuilder } from './function.ts';
import { ModuleBuilder } from './module.ts';
import { f32x4, v128 } from './simd.ts';

type Fn = (...args: (number | bigint)[]) => number | bigint | undefined;

/** Runs a function of one module that was built for it. */
function run(
  params: readonly ('i32' | 'i64' | 'f32' | 'f64')[],
  result: 'i32' | 'i64' | 'f32' | 'f64',
  write: (
    f: FunctionBuilder,
  ) =>
    | ReturnType<typeof i32.const>
    | ReturnType<typeof f64.const>
    | ReturnType<typeof f32.const>
    | ReturnType<typeof i64.const>,
): Fn {
  const module = new ModuleBuilder();
  module.export('f', module.function({ params, results: [result] }, write));
  const memory = new api!.Memory({ initial: 1 });
  const compiled = new api!.Module(module.encode());
  return new api!.Instance(compiled, { e: { m: memory } }).exports['f'] as Fn;
}

function flatten(code: Code): number[] {
  const bytes = new Bytes();
  bytes.add(code);
  return [...bytes.finish()];
}

describe('the encoding', () => {
  test('LEB128 of known numbers', () => {
    expect(unsigned(0)).toEqual([0]);
    expect(unsigned(624485)).toEqual([0xe5, 0x8e, 0x26]);
    expect(unsigned(0xffffffff)).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(signed(-123456)).toEqual([0xc0, 0xbb, 0x78]);
    expect(signed(63)).toEqual([63]);
    expect(signed(64)).toEqual([0xc0, 0]);
    expect(signed(-64)).toEqual([0x40]);
    expect(signed64(-1n)).toEqual([0x7f]);
    expect(signed64(1n << 61n).length).toBe(9);
  });

  test('bytes of a module by hand', () => {
    const module = new ModuleBuilder();
    const add = module.function({ params: ['i32', 'i32'], results: ['i32'] }, (f) =>
      i32.add(f.param(0, 'i32'), f.param(1, 'i32')),
    );
    module.export('add', add);
    const hand = [
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      [0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f],
      [0x02, 0x08, 0x01, 0x01, 0x65, 0x01, 0x6d, 0x02, 0x00, 0x00],
      [0x03, 0x02, 0x01, 0x00],
      [0x07, 0x07, 0x01, 0x03, 0x61, 0x64, 0x64, 0x00, 0x00],
      [0x0a, 0x09, 0x01, 0x07, 0x00, 0x20, 0x00, 0x20, 0x01, 0x6a, 0x0b],
    ];
    expect([...module.encode()]).toEqual(hand.flat());
  });

  test('instructions by hand', () => {
    expect(flatten(f64.const(1).code)).toEqual([0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    expect(flatten(i32.load(i32.const(8), 200).code)).toEqual([0x41, 8, 0x28, 0, 0xc8, 0x01]);
    expect(flatten(f32x4.add(f32x4.splat(f32.const(0)), f32x4.splat(f32.const(0))).code).slice(-3)).toEqual([
      0xfd, 0xe4, 0x01,
    ]);
  });
});

describe('functions', () => {
  test('loops, conditions and locals', () => {
    const sum = run(['i32'], 'i32', (f) => {
      const total = f.local('i32');
      f.for(f.param(0, 'i32'), (i) => f.if(i32.and(i, i32.const(1)), () => f.set(total, i32.add(total, i))));
      return total;
    });
    expect(sum(10)).toBe(25);
    const factorial = run(['i64'], 'i64', (f) => {
      const n = f.param(0, 'i64');
      const product = f.let(i64.const(1n));
      f.while(i64.gt(n, i64.const(1n)), () => {
        f.set(product, i64.mul(product, n));
        f.set(n, i64.sub(n, i64.const(1n)));
      });
      return product;
    });
    expect(factorial(20n)).toBe(2432902008176640000n);
  });

  test('memory and lanes', () => {
    const third = run(['f32'], 'f32', (f) => {
      f.do(v128.store(i32.const(16), f32x4.mul(f32x4.splat(f.param(0, 'f32')), f32x4.const(3))));
      return f32.load(i32.const(16), 8);
    });
    expect(third(7)).toBe(21);
    const larger = run(['f64', 'f64'], 'f64', (f) => {
      const [a, b] = [f.param(0, 'f64'), f.param(1, 'f64')];
      return choose(f64.gt(a, b), a, b);
    });
    expect(larger(2, 5)).toBe(5);
  });

  test('a call with the wrong types is refused when it is written', () => {
    const module = new ModuleBuilder();
    const callee = module.function({ params: ['f64'], results: [] }, () => {});
    expect(() => module.function({ params: [], results: [] }, (f) => f.call(callee, i32.const(1)))).toThrow(
      'the function takes (f64), not (i32)',
    );
  });
});
