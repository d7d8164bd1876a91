/**
 * Comparisons of arrays of numbers. NaN equals NaN and nothing else, ∞ equals ∞ of the same sign; a failure says where,
 * both values, and how bad the worst one is.
 */
import type { Tolerance } from './tolerances.ts';

/** Numbers with a shape: tensors that were read, arrays of oracles. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** How far a pair is from agreeing: 0 for equal, ≤ 1 within the tolerance, ∞ where one is not finite. */
export function excess(actual: number, expected: number, { relative, absolute }: Tolerance, scale = 1): number {
  if (Number.isNaN(actual) && Number.isNaN(expected)) return 0;
  if (actual === expected) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Infinity;
  const allowed = absolute * scale + relative * Math.abs(expected);
  const error = Math.abs(actual - expected);
  return allowed === 0 ? Infinity : error / allowed;
}

/** Throws unless shapes are equal and all elements agree. `scale`: the size of numbers that absolute errors are measured by. */
export function expectClose(actual: Numbers, expected: Numbers, tolerance: Tolerance, what: string, scale = 1): void {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new Error(`${what}: shape [${actual.shape.join()}], expected [${expected.shape.join()}]`);
  }
  const count = expected.data.length;
  if (actual.data.length !== count) throw new Error(`${what}: ${actual.data.length} elements, expected ${count}`);
  let worst = 0;
  let place = -1;
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    const e = excess(actual.data[i]!, expected.data[i]!, tolerance, scale);
    if (e > 1) wrong++;
    if (e > worst) {
      worst = e;
      place = i;
    }
  }
  if (worst <= 1) return;
  const a = actual.data[place]!;
  const b = expected.data[place]!;
  throw new Error(
    `${what}: element [${positionOf(place, expected.shape).join()}] is ${a}, expected ${b}; error ${Math.abs(a - b)} is ` +
      `${worst.toPrecision(3)} times what is allowed (relative ${tolerance.relative}, absolute ${tolerance.absolute * scale}); ` +
      `${wrong} of ${count} elements differ, this one most`,
  );
}

/** The index of a place in row-major order. */
function positionOf(place: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = place;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}
