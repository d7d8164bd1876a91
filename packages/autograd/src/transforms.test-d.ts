/** Types of grad, valueAndGrad, jvp, vjp, linearize, hvp, vmap, jit, checkpoint: those of f, leaf by leaf. */
import type { Tensor, TensorLike, Variable } from '@jacobi/tensor';
import { add, mul, sin, sum } from '@jacobi/tensor';
import { expectTypeOf, test } from 'vitest';
import type { AnyFunction, AnyNest, Argument, GradOptions, LikeNest } from './index.ts';
import { checkpoint, grad, hvp, jit, jvp, linearize, valueAndGrad, vjp, vmap } from './index.ts';

interface Net {
  readonly layers: readonly { readonly w: Tensor; b?: Tensor }[];
  scale: Variable;
}
interface Gradient {
  layers: { w: Tensor; b?: Tensor }[];
  scale: Tensor;
}

declare const x: Tensor;
declare const v: Variable;
declare const net: Net;
declare const list: Tensor[];
declare const flag: boolean;
declare const which: number;
declare const options: GradOptions;
const loss = (p: Net, t: Tensor): Tensor => mul(p.layers[0]!.w, t);
const both = (a: Tensor, p: { w: Tensor }): Tensor => mul(a, p.w);

test('a parameter without annotation is a tensor', () => {
  // @ts-expect-error operators are not defined for tensors
  grad((t) => t * t);
  // @ts-expect-error
  valueAndGrad((t) => t * 2);
  // @ts-expect-error
  jit((t) => t + 1);
  // @ts-expect-error
  vmap((t) => t - 1);
  // @ts-expect-error
  checkpoint((t) => t ** 2);
  // @ts-expect-error
  vjp((t) => t * t, x);
  // @ts-expect-error
  linearize((t) => t * t, x);
  // @ts-expect-error
  jvp((t) => t * t, [x], [x]);
  // @ts-expect-error
  hvp((t) => t * t, x, x);
  // @ts-expect-error what is no tensor needs an annotation
  grad(({ w }) => w);
  expectTypeOf(grad((a, b) => mul(a, b))(x, 2)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad((a, n: number) => mul(a, n))(x, 2)).toEqualTypeOf<Tensor>();
  // @ts-expect-error n is a number
  grad((a, n: number) => mul(a, n))(x, '2');
});

test('where arguments stand beside f, parameters without annotation are like these', () => {
  expectTypeOf(vjp((p, t) => mul(p.w, t), { w: v }, 3)[1](x)).toEqualTypeOf<[{ w: Tensor }, Tensor]>();
  expectTypeOf(jvp((p) => p.w, [{ w: x }], [{ w: 1 }])).toEqualTypeOf<[value: Tensor, tangent: Tensor]>();
  expectTypeOf(linearize(([a, b]) => add(a, b), [x, 2])[1]([x, x])).toEqualTypeOf<Tensor>();
  expectTypeOf(hvp((p) => sum(p.w), { w: x }, { w: 2 })).toEqualTypeOf<{ w: Tensor }>();
  // @ts-expect-error there is no b
  vjp((p) => p.b, { w: x });
});

test('grad gives the structure of what is differentiated', () => {
  expectTypeOf(grad(loss)(net, x)).toEqualTypeOf<Gradient>();
  expectTypeOf(grad(loss, { argnums: 1 })(net, x)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(loss, { argnums: [1, 0] })(net, x)).toEqualTypeOf<[Tensor, Gradient]>();
  expectTypeOf(grad((...xs: Tensor[]) => xs[0]!, { argnums: [0, 1] })(x, x)).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(grad((p: [Tensor, Tensor]) => p[0])([x, x])).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(grad((t: TensorLike) => sin(t))(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(sum)(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(grad(jit(sin)))(x)).toEqualTypeOf<Tensor>();
});

test('grad of what types do not say gives anything', () => {
  expectTypeOf(grad(loss, { argnums: -1 })(net, x)).toBeAny();
  expectTypeOf(grad(loss, { argnums: which })(net, x)).toBeAny();
  expectTypeOf(grad(loss, { argnums: [which] as number[] })(net, x)).toEqualTypeOf<AnyNest[]>();
  expectTypeOf(grad(loss, options)(net, x)).toBeAny();
  expectTypeOf(grad(loss as AnyFunction)('anything')).toBeAny();
  expectTypeOf(grad(() => x)(x)).toBeAny();
  const made = { argnums: 0 };
  expectTypeOf(grad(loss, made)(net, x)).toBeAny();
});

test('hasAux adds what f returns beside its value', () => {
  const f = (t: Tensor): [Tensor, { steps: number }] => [sum(t), { steps: 3 }];
  expectTypeOf(grad(f, { hasAux: true })(x)).toEqualTypeOf<[Tensor, { steps: number }]>();
  expectTypeOf(grad((t) => [sum(t), which], { hasAux: true })(x)).toEqualTypeOf<[Tensor, number]>();
  expectTypeOf(valueAndGrad(f, { hasAux: true })(x)).toEqualTypeOf<
    [value: Tensor, gradient: Tensor, { steps: number }]
  >();
  expectTypeOf(grad(f, { hasAux: false })(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(grad(f, { hasAux: flag })(x)).toBeAny();
  expectTypeOf(jvp(f, [x], [x], { hasAux: true })).toEqualTypeOf<[value: Tensor, tangent: Tensor, { steps: number }]>();
  const [y, pullback, aux] = vjp(f, x, { hasAux: true });
  expectTypeOf(y).toEqualTypeOf<Tensor>();
  expectTypeOf(pullback(x)).toEqualTypeOf<[Tensor]>();
  expectTypeOf(aux).toEqualTypeOf<{ steps: number }>();
  const [z, pushforward, other] = linearize((t) => [sum(t), which], x, { hasAux: true });
  expectTypeOf(z).toEqualTypeOf<Tensor>();
  expectTypeOf(pushforward(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(other).toEqualTypeOf<number>();
  expectTypeOf(vjp(sum, x, { hasAux: false })[0]).toEqualTypeOf<Tensor>();
  expectTypeOf(linearize(f, x, { hasAux: flag })[0]).toBeAny();
});

test('valueAndGrad gives a pair', () => {
  expectTypeOf(valueAndGrad(loss)(net, x)).toEqualTypeOf<[value: Tensor, gradient: Gradient]>();
  expectTypeOf(valueAndGrad(loss, { argnums: [1] })(net, x)[1]).toEqualTypeOf<[Tensor]>();
});

test('where f takes a tensor, the transform takes tensors, variables and numbers', () => {
  grad(both)(v, { w: 3 });
  jvp(both, [1, { w: v }], [x, { w: 2 }]);
  vjp(both, v, { w: 1 })[1](2);
  hvp((p: { w: Tensor }) => sum(p.w), { w: v }, { w: 1 });
  // @ts-expect-error text
  grad(both)('x', { w: x });
  // @ts-expect-error one is missing
  grad(both)(x);
  // @ts-expect-error w is missing
  grad(both)(x, {});
  // @ts-expect-error a typed array is no tensor yet
  grad(sum)(new Float64Array(2));
  // @ts-expect-error text
  vjp(both, x, { w: 'x' });
  // @ts-expect-error one is missing
  linearize(both, x);
  // @ts-expect-error a tangent is missing
  jvp(both, [x, { w: x }], [x]);
  // @ts-expect-error v is not like x
  hvp((p: { w: Tensor }) => sum(p.w), { w: x }, x);
  // @ts-expect-error no such option
  grad(both, { argnum: 0 });
  // @ts-expect-error no such option
  grad(both, { argnums: 0, aux: true });
});

test('jit, checkpoint and vmap keep the result, in tensors', () => {
  const f = (t: Tensor, n: number) => ({ sum: sum(t), list: [t, n], rest: list });
  type Result = { sum: Tensor; list: [Tensor, Tensor]; rest: Tensor[] };
  expectTypeOf(jit((t: Tensor) => ({ sum: sum(t), list: [t, 3], rest: list }))(x)).toEqualTypeOf<Result>();
  expectTypeOf(vmap((t) => [t, 1])(x)).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(checkpoint((t) => ({ t, v }))(x)).toEqualTypeOf<{ t: Tensor; v: Tensor }>();
  expectTypeOf(jit(f)(x, 2).list).toEqualTypeOf<Tensor[]>();
  expectTypeOf(jit(sin)(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(jit(() => v)()).toEqualTypeOf<Tensor>();
  const assign = (t: Tensor): void => {
    v.assign(t);
  };
  expectTypeOf(jit(assign)(x)).toEqualTypeOf<void>();
  // @ts-expect-error f takes nothing
  jit(() => v)(x);
  // @ts-expect-error the result is a tensor
  expectTypeOf(jit(sin)(x).length);
});

test('static arguments are what they are', () => {
  const f = (t: Tensor, mode: 'a' | 'b', by: { f: (n: number) => number; map: Map<string, Float64Array> }): Tensor =>
    mode === 'a' ? t : mul(t, by.f(by.map.size));
  const by = { f: (n: number) => n, map: new Map<string, Float64Array>() };
  expectTypeOf(jit(f, { staticArgnums: [1, 2] })(x, 'a', by)).toEqualTypeOf<Tensor>();
  // @ts-expect-error no such mode
  jit(f, { staticArgnums: [1, 2] })(x, 'c', by);
});

test('vjp and linearize give functions like f', () => {
  const [y, pullback] = vjp(loss, net, x);
  expectTypeOf(y).toEqualTypeOf<Tensor>();
  expectTypeOf(pullback(1)).toEqualTypeOf<[Gradient, Tensor]>();
  expectTypeOf(vjp((t) => ({ a: t, b: [t, 1] }), x)[1]({ a: x, b: [1, x] })).toEqualTypeOf<[Tensor]>();
  // @ts-expect-error a cotangent is like the value
  vjp((t) => ({ a: t }), x)[1](x);
  const [, pushforward] = linearize((t: Tensor, p: Net) => ({ a: mul(t, p.scale) }), x, net);
  expectTypeOf(pushforward(1, net)).toEqualTypeOf<{ a: Tensor }>();
  // @ts-expect-error one tangent an argument
  pushforward(x);
  expectTypeOf(vjp((...ts: Tensor[]) => ts[0]!, ...list)[1](x)).toEqualTypeOf<Tensor[]>();
  expectTypeOf(hvp(loss as AnyFunction, net, net)).toEqualTypeOf<Gradient>();
});

test('a transform is a function like another', () => {
  expectTypeOf(grad(sin)).toExtend<(t: Tensor) => Tensor>();
  const assigned: (p: { w: Tensor }) => { w: Tensor } = grad((p: { w: Tensor }) => p.w);
  expectTypeOf(assigned).toBeFunction();
  expectTypeOf(vmap(grad(both), { inAxes: [0, null] })(x, { w: x })).toEqualTypeOf<Tensor>();
});

test('in generic functions, by the types of the nests', () => {
  const step = <P>(f: (p: P) => Tensor, p: Argument<P>): LikeNest<P> => grad(f)(p);
  expectTypeOf(step((p: { w: Tensor }) => p.w, { w: x })).toEqualTypeOf<{ w: Tensor }>();
});
