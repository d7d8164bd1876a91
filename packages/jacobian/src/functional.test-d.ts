/** Types of jacobian, jacfwd, jacrev, hessian and prepareJacobian: results outside, arguments inside. */
import type { AnyFunction, AnyNest } from '@jacobi/autograd';
import { grad, jit, vmap } from '@jacobi/autograd';
import type { Tensor, Variable } from '@jacobi/tensor';
import { add, mul, sin, sum } from '@jacobi/tensor';
import { expectTypeOf, test } from 'vitest';
import type { PreparedJacobian, Spec } from './index.ts';
import { hessian, jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';

interface Parameters {
  readonly w: Tensor;
  b: readonly [Tensor, Variable];
}
interface Inside {
  w: Tensor;
  b: [Tensor, Tensor];
}

declare const x: Tensor;
declare const v: Variable;
declare const p: Parameters;
declare const list: Tensor[];
declare const flag: boolean;
declare const which: number;
declare const unknown: unknown;
const f = (p: Parameters, t: Tensor) => ({ total: add(p.w, t), parts: [mul(p.w, t), 1] as const });
type Outside<Entry> = { total: Entry; parts: [Entry, Entry] };

test('a parameter without annotation is a tensor', () => {
  // @ts-expect-error operators are not defined for tensors
  jacobian((t) => t * t);
  // @ts-expect-error
  jacfwd((t) => 2 * t);
  // @ts-expect-error
  jacrev((t) => t + 1);
  // @ts-expect-error
  hessian((t) => t ** 2);
  // @ts-expect-error
  prepareJacobian((t) => t * t, { shape: [2] });
  expectTypeOf(jacobian((a, b) => mul(a, b), { argnums: [0, 1] })(x, 3)).toEqualTypeOf<[Tensor, Tensor]>();
});

test('results outside, arguments inside', () => {
  for (const transform of [jacobian, jacfwd, jacrev]) {
    expectTypeOf(transform(sin)(x)).toEqualTypeOf<Tensor>();
    expectTypeOf(transform(f)(p, 1)).toEqualTypeOf<Outside<Inside>>();
    expectTypeOf(transform(f, { argnums: 1 })(p, v)).toEqualTypeOf<Outside<Tensor>>();
    expectTypeOf(transform(f, { argnums: [1, 0], chunkSize: 2 })(p, x)).toEqualTypeOf<Outside<[Tensor, Inside]>>();
    expectTypeOf(transform((t) => [t, [t]])(x)).toEqualTypeOf<[Tensor, [Tensor]]>();
    expectTypeOf(transform((t: Tensor) => [t, 'aux'], { hasAux: true })(x)).toEqualTypeOf<[Tensor, 'aux']>();
    expectTypeOf(transform((t) => [{ t }, which], { hasAux: true })(x)).toEqualTypeOf<[{ t: Tensor }, number]>();
  }
  expectTypeOf(hessian((t) => sum(t))(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(hessian((q: { w: Tensor }) => ({ y: q.w }))({ w: x })).toEqualTypeOf<{ y: { w: { w: Tensor } } }>();
  expectTypeOf(hessian(mul, { argnums: [0, 1] })(x, x)).toEqualTypeOf<[[Tensor, Tensor], [Tensor, Tensor]]>();
  expectTypeOf(hessian((t) => [sum(t), which], { hasAux: true })(x)).toEqualTypeOf<[Tensor, number]>();
});

test('transforms of transforms', () => {
  expectTypeOf(jacobian(grad(sum))(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(vmap(jacobian((q: { w: Tensor }) => q.w))({ w: x })).toEqualTypeOf<{ w: Tensor }>();
  expectTypeOf(jit(hessian(sum))(x)).toEqualTypeOf<Tensor>();
});

test('where types do not say what is differentiated, anything', () => {
  expectTypeOf(jacobian(f, { argnums: which })(p, x)).toEqualTypeOf<Outside<AnyNest>>();
  expectTypeOf(jacobian(f, { hasAux: flag })(p, x)).toBeAny();
  expectTypeOf(jacobian(f as AnyFunction)('anything')).toBeAny();
  expectTypeOf(jacobian(() => x)(x)).toBeAny();
});

test('what is not like an argument of f is refused', () => {
  // @ts-expect-error text
  jacobian(sin)('x');
  // @ts-expect-error t is missing
  jacobian(f)(p);
  // @ts-expect-error w is no tensor
  hessian(f)({ w: 'w', b: [x, x] }, x);
  // @ts-expect-error jacfwd has a mode
  jacfwd(sin, { mode: 'forward' });
  // @ts-expect-error no such option
  jacobian(sin, { argnums: 0, chunks: 2 });
  // @ts-expect-error the result has no such entry
  expectTypeOf(jacobian(f)(p, x).product);
});

test('a prepared Jacobian takes what the spec describes', () => {
  const J = prepareJacobian(f, [
    { w: { shape: [2] }, b: [{ shape: [] }, x] },
    { shape: [], dtype: 'float64' },
  ]);
  expectTypeOf(J(p, 1)).toEqualTypeOf<Outside<Inside>>();
  expectTypeOf(J.valueAndJacobian(p, x)).toEqualTypeOf<[value: Outside<Tensor>, jacobian: Outside<Inside>]>();
  expectTypeOf(J.into(p, Float64Array.of(1), new Float32Array(9))).toExtend<Float32Array>();
  expectTypeOf(J.into(p, x, new Float64Array(9), { value: new Float64Array(3) })).toExtend<Float64Array>();
  expectTypeOf(J.plan.nnz).toEqualTypeOf<number>();
  // @ts-expect-error one is missing
  J(p);
  // @ts-expect-error b is missing
  J({ w: x }, x);
  // @ts-expect-error there is no array to write to
  J.into(p, x);
  // @ts-expect-error a tensor can't be written to
  J.into(p, x, x);
  // @ts-expect-error no such option
  J.into(p, x, new Float64Array(9), { values: new Float64Array(3) });
});

test('without annotation, parameters are as the spec describes them', () => {
  const J = prepareJacobian(
    ({ a, b: [c] }, t) => add(mul(a, t), c),
    [{ a: { shape: [2] }, b: [{ shape: [] }] }, { shape: [2] }],
  );
  expectTypeOf(J({ a: x, b: [1] }, [1, 2])).toEqualTypeOf<{ a: Tensor; b: [Tensor] }>();
  // @ts-expect-error the spec has no c
  prepareJacobian((q) => q.c, { a: { shape: [2] } });
});

test('options of prepared Jacobians', () => {
  const two = [{ shape: [2] }, { shape: [2] }] as const;
  expectTypeOf(prepareJacobian(mul, two, { argnums: [1] })(x, x)).toEqualTypeOf<[Tensor]>();
  expectTypeOf(prepareJacobian((a) => ({ a }), [{ shape: [2, 2] }], { batch: true })(x)).toEqualTypeOf<Tensor>();
  const J = prepareJacobian((a, b) => [mul(a, b), b], two, { hasAux: true });
  expectTypeOf(J(x, x)).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(J.valueAndJacobian(x, x)).toEqualTypeOf<[value: Tensor, jacobian: Tensor, Tensor]>();
  expectTypeOf(prepareJacobian(sum, { shape: [2] }).into(x, new Float32Array(2))).toExtend<Float32Array>();
});

test('specs of no known structure', () => {
  const specs: Spec[] = [];
  const J = prepareJacobian((...xs: Tensor[]) => xs[0]!, specs, { argnums: [0, 1] });
  expectTypeOf(J(...list)).toEqualTypeOf<[Tensor, Tensor]>();
  J.into(...list, new Float64Array(2));
  expectTypeOf(prepareJacobian(sin, unknown)(x)).toBeAny();
  const any: PreparedJacobian = J;
  expectTypeOf(any('anything')).toBeAny();
  expectTypeOf<ReturnType<typeof prepareJacobian>>().toBeCallableWith('anything');
});
