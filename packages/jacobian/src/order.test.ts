/** Higher orders: tapes in tapes, transforms of transforms, Jacobians inside of jit, vmap and other tapes; perturbations kept apart. */
import { grad, hvp, jit, jvp, vjp, vmap } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { differences, expectDense, float64 } from '@jacobi/testing/jacobians';
import { describe, expect, test } from 'vitest';
import type { JacobianFunction } from './index.ts';
import { GradientTape, hessian, jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });
const numbers = (...shape: number[]): Tensor =>
  float64(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.8 * Math.sin(1 + 2.3 * i) + 0.1),
    shape,
  );

/** f's Jacobian by a tape of its own. */
const byTape =
  (f: (x: Tensor) => Tensor, persistent = false): ((x: Tensor) => Tensor) =>
  (x) => {
    const tape = new GradientTape({ persistent });
    const y = tape.record(() => {
      tape.watch(x);
      return f(x);
    });
    return tape.jacobian(y, x);
  };
/** The same, asked for inside of record. */
const inside =
  (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  (x) => {
    const tape = new GradientTape();
    return tape.record(() => {
      tape.watch(x);
      return tape.jacobian(f(x), x);
    });
  };

const ways: Record<string, (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor> = {
  jacobian: (f) => jacobian(f) as (x: Tensor) => Tensor,
  jacfwd: (f) => jacfwd(f) as (x: Tensor) => Tensor,
  jacrev: (f) => jacrev(f) as (x: Tensor) => Tensor,
  tape: byTape,
  'tape, inside': inside,
  'jit(jacobian)': (f) => jit(jacobian(f)) as (x: Tensor) => Tensor,
  'jacobian(jit)': (f) => jacobian(jit(f)) as (x: Tensor) => Tensor,
  'in chunks': (f) => jacobian(f, { chunkSize: 1 }) as (x: Tensor) => Tensor,
};
const names = Object.keys(ways);
const pairs = names.flatMap((outer) => names.map((inner) => [outer, inner] as const));

const mixed = (x: Tensor): Tensor => ops.mul(ops.exp(ops.mul(0.3, x)), ops.sum(ops.square(x)));
const product = (x: Tensor): Tensor => ops.stack([ops.prod(x), ops.sum(ops.pow(x, 3))]);
const W = numbers(2, 3);
const layer = (x: Tensor): Tensor => ops.tanh(ops.matmul(W, x));

describe('second order by every pair of ways', () => {
  const x = numbers(3);
  const truths = [mixed, product, layer].map((f) => differences((t) => jacrev(f)(t) as Tensor, x));
  test.each(pairs)('%s of %s', (outer, inner) => {
    [mixed, product, layer].forEach((f, i) => expectDense(ways[outer]!(ways[inner]!(f))(x), truths[i]!));
  });
});

describe('third order', () => {
  const x = numbers(2);
  const truth = differences((t) => jacfwd(jacrev(layerOf2))(t) as Tensor, x);
  test.each(names)('%s, three times', (name) => {
    const way = ways[name]!;
    expectDense(way(way(way(layerOf2)))(x), truth);
  });
  test('the order of modes does not matter', () => {
    for (const a of [jacfwd, jacrev])
      for (const b of [jacfwd, jacrev])
        for (const c of [jacfwd, jacrev]) expectDense(a(b(c(layerOf2)))(x) as Tensor, truth);
  });
});
function layerOf2(x: Tensor): Tensor {
  return ops.tanh(ops.matmul(ops.slice(W, [0, 0], [-1, 2]), x));
}

test('sixth derivative of 1/x at 4', () => {
  let f: JacobianFunction = (x: Tensor) => ops.div(1, x);
  for (let order = 0; order < 6; order++) f = jacobian(f);
  expect((f(f64(4)) as Tensor).item()).toBeCloseTo(720 / 4 ** 7, 14);
});

describe('one persistent tape, asked inside of its own recording', () => {
  test('x³ at 3: 27, 18, 6, 0', () => {
    const x = f64(3);
    const tape = new GradientTape({ persistent: true });
    const orders = tape.record(() => {
      tape.watch(x);
      const d1 = tape.jacobian(ops.pow(x, 3), x);
      const d2 = tape.jacobian(d1, x);
      return [d1, d2, tape.jacobian(d2, x)];
    });
    expect(orders.map((d) => d.item())).toEqual([27, 18, 6]);
    expect(tape.jacobian(orders[2]!, x, { unconnected: 'zero' }).item()).toBe(0);
  });

  test('jacobian of gradient, and gradient of jacobian', () => {
    const x = numbers(3);
    const f = (t: Tensor): Tensor => ops.sum(mixed(t));
    const tape = new GradientTape({ persistent: true });
    const [g, J, y] = tape.record(() => {
      tape.watch(x);
      const v = mixed(x);
      const s = ops.sum(v);
      return [tape.gradient(s, x), tape.jacobian(v, x), s] as const;
    });
    const H = differences(grad(f) as (t: Tensor) => Tensor, x);
    expectDense(tape.jacobian(g, x), H);
    expectDense(tape.gradient(J, x), ops.sum(float64(H.data, H.shape), 0), '', 1e-8);
    expectDense(tape.jacobian(J, x), differences(jacobian(mixed) as (t: Tensor) => Tensor, x));
    expectDense(tape.gradient(y, x), grad(f)(x) as Tensor);
  });

  test('a variable', () => {
    const v = ops.variable(f64([2, 3]));
    const tape = new GradientTape({ persistent: true });
    const J = tape.record(() => tape.jacobian(ops.pow(v.value, 3), v));
    expect(tape.gradient(J, v).arraySync()).toEqual([12, 18]);
    expect(tape.jacobian(J, v).arraySync()).toEqual([
      [
        [12, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 18],
      ],
    ]);
  });
});

describe('Hessians', () => {
  const x = numbers(3);
  const f = (t: Tensor): Tensor => ops.add(ops.prod(t), ops.logSumExp(ops.mul(2, t)));
  const H = differences(grad(f) as (t: Tensor) => Tensor, x);

  test('all compositions agree', () => {
    for (const outer of [jacobian, jacfwd, jacrev]) {
      for (const inner of [grad, jacobian, jacfwd, jacrev]) expectDense(outer(inner(f))(x) as Tensor, H);
    }
    expectDense(hessian(f)(x) as Tensor, H);
    expectDense(prepareJacobian(grad(f), { shape: [3], dtype: 'float64' })(x) as Tensor, H);
    expectDense(jit(hessian(f))(x) as Tensor, H);
  });

  test('times a vector, in four ways', () => {
    const v = f64([1, -2, 0.5]);
    const Hv = ops.matmul(float64(H.data, H.shape), v);
    expectDense(hvp(f, x, v) as Tensor, Hv);
    expectDense(jvp(grad(f), [x], [v])[1] as Tensor, Hv);
    expectDense((vjp(grad(f), x)[1] as (ct: Tensor) => Tensor[])(v)[0]!, Hv);
    expectDense(grad((t: Tensor) => jvp(f, [t], [v])[1] as Tensor)(x) as Tensor, Hv);
    expectDense(grad((t: Tensor) => ops.dot(grad(f)(t) as Tensor, v))(x) as Tensor, Hv);
  });

  test('symmetric', () => {
    const got = hessian(f)(x) as Tensor;
    expectDense(got, ops.transpose(got), '', 1e-14);
  });
});

describe('Jacobians inside of transforms', () => {
  const x = numbers(3);
  test('a loss on a Jacobian: its gradient', () => {
    const loss = (t: Tensor): Tensor => ops.sum(ops.square(jacobian(layer)(t) as Tensor));
    const truth = differences(loss, x);
    expectDense(grad(loss)(x) as Tensor, truth);
    expectDense(jit(grad(loss))(x) as Tensor, truth);
    expectDense(grad((t: Tensor) => ops.sum(ops.square(byTape(layer)(t))))(x) as Tensor, truth);
    expectDense(jvp(loss, [x], [f64([1, 0, 0])])[1] as Tensor, float64([truth.data[0]!], []));
  });

  test('a tape inside of jit and of vmap', () => {
    const J = jacobian(layer)(x) as Tensor;
    expectDense(jit(byTape(layer))(x) as Tensor, J);
    expectDense(vmap(byTape(layer))(ops.stack([x, x])) as Tensor, ops.stack([J, J]));
    expectDense(jit(vmap(inside(layer)))(ops.stack([x, x])) as Tensor, ops.stack([J, J]));
  });

  test('batchJacobian inside of jit, and of another Jacobian', () => {
    const rows = numbers(4, 3);
    const f = (t: Tensor): Tensor => ops.tanh(ops.matmul(t, ops.transpose(W)));
    const batch = (t: Tensor): Tensor => {
      const tape = new GradientTape();
      const y = tape.record(() => {
        tape.watch(t);
        return f(t);
      });
      return tape.batchJacobian(y, t, { check: true });
    };
    expectDense(jit(batch)(rows) as Tensor, batch(rows));
    expectDense(vmap(jacobian((row: Tensor) => layer(row)))(rows) as Tensor, batch(rows));
    expectDense(jacobian(batch)(rows) as Tensor, differences(batch, rows));
  });

  test('a prepared Jacobian on a tape, under jit and vmap', () => {
    const J = prepareJacobian(layer, { shape: [3], dtype: 'float64' });
    const H = differences((t) => J(t) as Tensor, x);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return J(x) as Tensor;
    });
    expectDense(tape.jacobian(y, x), H);
    expectDense(jacobian(J)(x) as Tensor, H);
    expectDense(jit(J)(x) as Tensor, J(x) as Tensor);
    expectDense(vmap(J)(ops.stack([x, x])) as Tensor, ops.stack([J(x) as Tensor, J(x) as Tensor]));
  });
});

describe('perturbations are kept apart', () => {
  const kinds = [jacobian, jacfwd, jacrev, grad] as const;
  test.each(kinds.flatMap((outer) => kinds.map((inner) => [outer.name, inner.name, outer, inner] as const)))(
    'd/dx [x · d/dy (x + y)] by %s of %s',
    (_a, _b, outer, inner) => {
      const f = (x: Tensor): Tensor => ops.mul(x, inner((y: Tensor) => ops.add(x, y))(f64(2)) as Tensor);
      expect((outer(f)(f64(3)) as Tensor).item()).toBe(1);
      const g = (x: Tensor): Tensor => ops.mul(x, inner((y: Tensor) => ops.mul(x, y))(x) as Tensor);
      expect((outer(g)(f64(3)) as Tensor).item()).toBe(6);
    },
  );

  test('tapes in tapes on the same tensor', () => {
    const x = f64(3);
    const outer = new GradientTape();
    const y = outer.record(() => {
      outer.watch(x);
      const inner = new GradientTape();
      const s = inner.record(() => {
        inner.watch(x);
        return ops.mul(x, x);
      });
      return ops.mul(x, inner.jacobian(s, x));
    });
    expect(outer.jacobian(y, x).item()).toBe(12);
  });

  test('a tape that began outside of a transform does not see its arguments', () => {
    const x = f64([1, 2]);
    const tape = new GradientTape({ persistent: true });
    const J = tape.record(() => {
      tape.watch(x);
      return jacobian((t: Tensor) => ops.mul(ops.square(t), x))(f64([3, 4])) as Tensor;
    });
    expect(J.arraySync()).toEqual([
      [6, 0],
      [0, 16],
    ]);
    expect(tape.jacobian(J, x).arraySync()).toEqual([
      [
        [6, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 8],
      ],
    ]);
  });
});
