/** Input that nobody should give, everywhere that it could be given: a library error in words, or the right result. */
import { MemoryLimitError, NoWebAssemblyError } from '@jacobi/backend-wasm';
import { describe, expect, test } from 'vitest';
import * as J from './index.ts';

const any = (x: unknown): never => x as never;

interface Config {
  readonly a: Config;
  readonly scale: number;
}

describe('nests in themselves, and too deep ones', () => {
  const array: unknown[] = [];
  array.push(array);
  const object: Record<string, unknown> = {};
  object['a'] = object;
  object['b'] = object;
  let deep: unknown = J.tensor(1);
  for (let i = 0; i < 20000; i++) deep = [deep];
  const f = (x: J.Tensor): J.Tensor => x;
  const calls: Record<string, (nest: unknown) => unknown> = {
    grad: (nest) => J.grad(f)(any(nest)),
    valueAndGrad: (nest) => J.valueAndGrad(f)(any(nest)),
    jacobian: (nest) => J.jacobian(f)(any(nest)),
    hessian: (nest) => J.hessian(f)(any(nest)),
    vjp: (nest) => J.vjp(f, any(nest)),
    jvp: (nest) => J.jvp(f, [any(nest)], [any(nest)]),
    linearize: (nest) => J.linearize(f, any(nest)),
    hvp: (nest) => J.hvp(f, any(nest), any(nest)),
    jit: (nest) => J.jit(f)(any(nest)),
    vmap: (nest) => J.vmap(f)(any(nest)),
    customVjp: (nest) => J.customVjp(f, any(f), any(f))(any(nest)),
    'the result of f': (nest) => J.grad(() => nest)(1),
    tangents: (nest) => J.jvp(f, [J.tensor(1)], [any(nest)]),
    prepareJacobian: (nest) => J.prepareJacobian(f, nest),
  };
  for (const [name, call] of Object.entries(calls)) {
    test(name, () => {
      for (const nest of [[array], object, deep]) {
        expect(() => call(nest)).toThrow(J.ArgumentError);
        expect(() => call(nest)).toThrow(/nested too deep, or in itself/);
      }
    });
  }

  test('of numbers, under any shape', () => {
    for (const shape of [undefined, [2]])
      for (const nest of [array, deep])
        expect(() => J.tensor(any(nest), shape && { shape })).toThrow(/tensor: data is nested too deep, or in itself/);
  });

  test('what is not differentiated may be in itself', () => {
    expect(
      J.grad((x, config: Config) => J.mul(x, config.a.a.scale))(2, any(Object.assign(object, { scale: 3 }))).item(),
    ).toBe(3);
  });
});

describe('keys in another order are the same structure', () => {
  const f = (o: { a: J.Tensor; b: J.Tensor }): J.Tensor => J.mul(o.a, J.square(o.b));
  const a = J.tensor(3);
  const b = J.tensor(5);
  const ab = { a, b };
  const ba = { b, a };
  const numbers = (o: { a: J.Tensor; b: J.Tensor }): number[] => [o.a.item(), o.b.item()];
  // ∂(a b²) = (b², 2ab); along (1, 10): 25 + 300.
  test('of prepared Jacobians', () => {
    const prepared = J.prepareJacobian(f, { a: J.tensor(1), b: J.tensor(2) });
    for (const args of [ab, ba]) {
      expect(numbers(prepared(args))).toEqual([25, 30]);
      expect([...prepared.into(args, new Float32Array(2))]).toEqual([25, 30]);
    }
    const nested = J.prepareJacobian((p) => f(p.x[0]), { x: [{ b: J.tensor(1), a: J.tensor(2) }], y: J.tensor(1) });
    expect(numbers(nested({ y: 7, x: [ab] }).x[0])).toEqual([25, 30]);
  });

  test('of tangents', () => {
    for (const tangent of [
      { a: 1, b: 10 },
      { b: 10, a: 1 },
    ])
      for (const primal of [ab, ba]) {
        expect(J.jvp(f, [primal], [tangent])[1].item()).toBe(325);
        expect(J.linearize(f, primal)[1](tangent).item()).toBe(325);
      }
  });

  test('of cotangents', () => {
    const swap = ({ a: x, b: y }: typeof ab): unknown => ({ a: J.mul(x, 2), b: J.mul(y, 3) });
    for (const cotangent of [
      { a: 1, b: 10 },
      { b: 10, a: 1 },
    ]) {
      const back = J.vjp(swap, ab)[1] as (ct: unknown) => [typeof ab];
      expect(numbers([back(cotangent)].flat()[0] as typeof ab)).toEqual([2, 30]);
      const tape = new J.GradientTape();
      const y = tape.record(() => {
        tape.watch(ab);
        return swap(ab);
      });
      expect(numbers(tape.gradient(y, ab, { outputGradients: any(cotangent) }))).toEqual([2, 30]);
    }
  });

  test('of rules', () => {
    const back = customVjpOf(f, (x, y, dy) => ({ b: J.mul(J.mul(2, J.mul(x, y)), dy), a: J.mul(J.square(y), dy) }));
    expect(numbers(J.grad(back)(ab))).toEqual([25, 30]);
    const pair = (o: typeof ab): typeof ab => ({ a: o.b, b: J.square(o.a) });
    const forward = J.customJvp(pair, ([o], [t]) => [pair(o), { b: J.mul(J.mul(2, o.a), t.a), a: t.b }]);
    const [, dy] = J.jvp(forward, [ab], [{ b: 10, a: 1 }]);
    expect(numbers(dy)).toEqual([10, 6]);
  });

  test('of vmap and jit', () => {
    const rows = { b: J.tensor([5, 6]), a: J.tensor([3, 4]) };
    expect(J.vmap(f, { inAxes: [{ a: 0, b: 0 }] })(rows).arraySync()).toEqual([75, 144]);
    const jitted = J.jit(f);
    expect([jitted(ab).item(), jitted(ba).item()]).toEqual([75, 75]);
  });

  test('other keys are another structure, in words that can be read', () => {
    const prepared = J.prepareJacobian(f, { a: J.tensor(1), b: J.tensor(2) });
    const c = [a, [b]];
    expect(() => prepared(any({ b, c }))).toThrow(
      'prepared Jacobian: argument 0 must have the structure {"a": *, "b": *}, not {"c": [*, [*]], "b": *}',
    );
    expect(() => prepared(any({ b }))).toThrow('not {"b": *}');
  });
});

function customVjpOf(
  f: (o: { a: J.Tensor; b: J.Tensor }) => J.Tensor,
  backward: (a: J.Tensor, b: J.Tensor, dy: J.Tensor) => unknown,
): typeof f {
  return J.customVjp(
    f,
    (o) => [f(o), o],
    ({ a, b }, dy) => [backward(a, b, dy)],
  );
}

test.for([
  [{ threads: 0 }, 'wasm: threads must be a whole number from 1 up'],
  [null, 'wasm: options must be an object'],
  [{ thread: 2 }, 'wasm: there is no option "thread"'],
] as const)('wasm(%j)', async ([options, message]) => {
  const refused = await J.wasm(any(options)).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(J.ArgumentError);
  expect((refused as Error).message).toContain(message);
});

test('errors of devices are of the family', () => {
  expect(new MemoryLimitError(1)).toBeInstanceOf(J.JacobiError);
  expect(new NoWebAssemblyError('none')).toBeInstanceOf(J.JacobiError);
});

test('a function of a custom rule that returns a Promise', () => {
  const rule = J.customVjp(
    any(async (x: unknown) => x),
    (x) => [x, x],
    (_r, g) => [g],
  );
  expect(() => (rule as (x: unknown) => unknown)(J.tensor(1))).toThrow(/customVjp: the callback returned a Promise/);
});
