/**
 * Jacobians of each sample, made in every way there is, against one made column by column.
 * The one idea: a loop over unit tangents needs no plan, no seeds and no structure, so all that do are measured by it.
 */
import { jit, jvp } from '@jacobi/autograd';
import { hessian, jacfwd, jacobian, jacrev, prepareJacobian } from '@jacobi/jacobian';
import type { Tensor } from '@jacobi/tensor';
import { add, full, mul, sum } from '@jacobi/tensor';
import { floatingPart, numbersOf, scaleOf } from './checks.ts';
import type { Numbers } from './matchers.ts';
import { expectClose } from './matchers.ts';
import { directionFrom, randomFrom } from './random.ts';
import type { Sample } from './sample.ts';
import { make } from './sample.ts';
import { tolerances } from './tolerances.ts';

type Listed = (...xs: Tensor[]) => Tensor[];
const near = tolerances.derivative.float64;

/** Jacobians of all results by all arguments, column by column: by result, then by argument. */
function looped(f: Listed, xs: readonly Tensor[]): Numbers[][] {
  const ys = f(...xs);
  const blocks = ys.map((y) =>
    xs.map((x) => ({ shape: [...y.shape, ...x.shape], data: new Float64Array(y.size * x.size) })),
  );
  xs.forEach((x, i) => {
    for (let k = 0; k < x.size; k++) {
      const tangents = xs.map((t, q) =>
        make(
          Array.from({ length: t.size }, (_, p) => Number(q === i && p === k)),
          t.shape,
          'float64',
        ),
      );
      const [, columns] = jvp(f, xs, tangents) as [unknown, Tensor[]];
      columns.forEach((column, r) => {
        column.dataSync().forEach((v, row) => {
          blocks[r]![i]!.data[row * x.size + k] = v;
        });
      });
    }
  });
  return blocks;
}

/** Forward, reverse, chosen, chunked, jitted, prepared: all the same. */
export function checkJacobians(sample: Sample): void {
  if (sample.order === 0) return;
  const { f, xs } = floatingPart(sample);
  if (xs.length === 0) return;
  const expected = looped(f, xs);
  const scale = scaleOf(expected.flat().map((block) => block.data));
  const argnums = xs.map((_, i) => i);
  const ways: Record<string, () => unknown> = {
    jacfwd: () => jacfwd(f, { argnums })(...xs),
    jacrev: () => jacrev(f, { argnums })(...xs),
    jacobian: () => jacobian(f, { argnums })(...xs),
    'jacfwd in chunks of 2': () => jacfwd(f, { argnums, chunkSize: 2 })(...xs),
    'jacrev in chunks of 2': () => jacrev(f, { argnums, chunkSize: 2 })(...xs),
    'jit of jacobian': () => jit(jacobian(f, { argnums }))(...xs) as unknown,
    'jacobian of jit': () => jacobian(jit(f), { argnums })(...xs),
    prepareJacobian: () => prepareJacobian(f, xs, { argnums })(...xs),
  };
  for (const [way, run] of Object.entries(ways)) {
    // Results outside, arguments inside.
    compare(run() as Tensor[][], expected, scale, `${sample.name}: ${way}`);
  }
  if (sample.order === undefined) checkHessian(sample, f, xs);
}

function compare(
  actual: readonly (readonly Tensor[])[],
  expected: readonly (readonly Numbers[])[],
  scale: number,
  what: string,
): void {
  expected.forEach((row, r) => {
    row.forEach((block, i) => {
      const entry = actual[r]?.[i];
      if (entry === undefined) throw new Error(`${what}: there is no block of result ${r} by argument ${i}`);
      expectClose(numbersOf(entry), block, near, `${what}, result ${r} by argument ${i}`, scale);
    });
  });
}

/** The Hessian of a weighted sum, by all arguments, against the Jacobian of the gradient column by column. */
function checkHessian(sample: Sample, f: Listed, xs: readonly Tensor[]): void {
  const random = randomFrom(`hessian ${sample.name}`);
  const weights = f(...xs).map((t) => make(directionFrom(random, t.size), t.shape, 'float64'));
  const loss = (...args: Tensor[]): Tensor =>
    f(...args).reduce((total, t, i) => add(total, sum(mul(t, weights[i]!))), full([], 0, { dtype: 'float64' }));
  const argnums = xs.map((_, i) => i);
  const gradient: Listed = (...args) => jacrev(loss, { argnums })(...args) as Tensor[];
  const expected = looped(gradient, xs);
  const scale = scaleOf(expected.flat().map((block) => block.data));
  compare(hessian(loss, { argnums })(...xs) as Tensor[][], expected, scale, `${sample.name}: hessian`);
}
