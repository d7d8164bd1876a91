/** Types of what a tape gives, like its sources: aliases, interfaces, tuples, lists. */
import type { LikeSources, Sources } from '@jacobi/autograd';
import { checkGradients, grad, hvp, jit, jvp, linearize, valueAndGrad, vjp, vmap } from '@jacobi/autograd';
import type { Tensor, Variable } from '@jacobi/tensor';
import { sum } from '@jacobi/tensor';
import { expectTypeOf, test } from 'vitest';
import { GradientTape, hessian, jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';

interface Dense {
  readonly kernel: Tensor;
  bias?: Tensor;
}
interface Net {
  readonly layers: readonly Dense[];
  scale: Variable;
  pair: [Tensor, Variable];
}
interface Tree {
  readonly value: Tensor;
  readonly left?: Tree;
  readonly children: Tree[];
}
type Alias = { readonly w: Tensor; readonly b: Variable };

declare const y: Tensor;
declare const x: Tensor;
declare const v: Variable;
declare const dense: Dense;
declare const net: Net;
const tape = new GradientTape();

test('an interface is a nest, as an alias is', () => {
  expectTypeOf(tape.gradient(y, dense)).toEqualTypeOf<{ kernel: Tensor; bias?: Tensor }>();
  expectTypeOf(tape.jacobian(y, {} as Alias)).toEqualTypeOf<{ w: Tensor; b: Tensor }>();
  const both = tape.gradient(y, net);
  expectTypeOf(both.layers).toEqualTypeOf<{ kernel: Tensor; bias?: Tensor }[]>();
  expectTypeOf(both.scale).toEqualTypeOf<Tensor>();
  expectTypeOf(both.pair).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(tape.jacobian(y, {} as Tree).children[0]!.left!.value).toEqualTypeOf<Tensor>();
  tape.watch(net);
  tape.explain(y, net);
});

test('a list in place gives a tuple, and a list of any length a list', () => {
  expectTypeOf(tape.gradient(y, [x, v])).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(tape.jacobian(y, [x, { w: v }])).toEqualTypeOf<[Tensor, { w: Tensor }]>();
  expectTypeOf(tape.gradient(y, [x, dense, [v]])).toEqualTypeOf<
    [Tensor, { kernel: Tensor; bias?: Tensor }, [Tensor]]
  >();
  expectTypeOf(tape.gradient(y, [x] as Tensor[])).toEqualTypeOf<Tensor[]>();
  expectTypeOf(tape.gradient(y, [x] as readonly Variable[] | readonly Tensor[])).toEqualTypeOf<Tensor[]>();
  expectTypeOf(tape.gradient(y, [])).toEqualTypeOf<[]>();
  expectTypeOf(tape.gradient(y, x)).toEqualTypeOf<Tensor>();
  expectTypeOf(tape.jacobian(y, v)).toEqualTypeOf<Tensor>();
});

test("null is in the type with unconnected: 'none' only", () => {
  expectTypeOf(tape.gradient(y, [x, v], { unconnected: 'none' })).toEqualTypeOf<[Tensor | null, Tensor | null]>();
  expectTypeOf(tape.gradient(y, [x, v], { unconnected: 'none' }) as [Tensor, null]).toEqualTypeOf<[Tensor, null]>();
  expectTypeOf(tape.jacobian(y, dense, { unconnected: 'none' }).kernel).toEqualTypeOf<Tensor | null>();
  expectTypeOf(tape.jacobian(y, [x], { unconnected: 'zero' })).toEqualTypeOf<[Tensor]>();
});

test('sources of a type parameter, and of no known structure', () => {
  const generic = <S extends Sources>(sources: S): LikeSources<S, Tensor> => tape.gradient(y, sources);
  expectTypeOf(generic([x] as [Tensor])).toEqualTypeOf<[Tensor]>();
  expectTypeOf(tape.gradient(y, x as Sources)).toBeAny();
});

test('what is no source is refused', () => {
  // @ts-expect-error a number
  tape.gradient(y, 3);
  // @ts-expect-error a number in a nest
  tape.jacobian(y, { w: 3 });
  // @ts-expect-error a string in a list
  tape.gradient(y, [x, 'w']);
  // @ts-expect-error a function in a nest
  tape.watch({ w: () => x });
  // @ts-expect-error a Map is no plain object
  tape.jacobian(y, new Map([['w', x]]));
});

test('transforms take arguments of any type', () => {
  const f = (p: Net): Tensor => sum(p.pair[0]);
  for (const g of [grad(f), valueAndGrad(f), jacobian(f), jacfwd(f), jacrev(f), hessian(f), jit(f), vmap(f)])
    expectTypeOf(g).toBeCallableWith(net);
  expectTypeOf(prepareJacobian(f, net)).toBeCallableWith(net);
  expectTypeOf(jvp(f, [net], [net])).toBeArray();
  expectTypeOf(vjp(f, net)).toBeArray();
  expectTypeOf(linearize(f, net)).toBeArray();
  expectTypeOf(hvp(f, net, net).pair).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(checkGradients).toBeCallableWith(f, [net]);
});
