/* Central differences: a Jacobian from values alone, to check the exact one by. Slow and obvious on purpose. */
import type { Tensor } from 'jacobi';
import { tensor } from 'jacobi';

const STEP = 1e-6;

/** ∂f/∂x in float64, as rows: one for each element of f(x), in it one number for each element of x. */
export function centralDifferences(f: (x: Tensor) => Tensor, x: Tensor): number[][] {
  const at = Array.from(x.dataSync());
  const valueWith = (j: number, step: number): ArrayLike<number> => {
    const moved = Float64Array.from(at);
    moved[j]! += step;
    return f(tensor(moved, { shape: x.shape })).dataSync();
  };
  const rows = Array.from(f(x).dataSync(), (): number[] => []);
  for (let j = 0; j < at.length; j++) {
    const after = valueWith(j, STEP);
    const before = valueWith(j, -STEP);
    for (const [i, row] of rows.entries()) row.push((after[i]! - before[i]!) / (2 * STEP));
  }
  return rows;
}

/** The largest |a − b|. */
export function worstError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`worstError: ${a.length} numbers against ${b.length}`);
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}
