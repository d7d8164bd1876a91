/**
 * Axes as users write them (negative from the end, one or many) to axes as rows want them. Must not import
 * operations.
 */
import { checkWhole } from './checks.ts';
import { describe } from './describe.ts';
import { ArgumentError, ShapeError } from './errors.ts';

/** One axis, counted from 0. */
export function checkAxis(operation: string, axis: unknown, rank: number, argument = 'axis'): number {
  const a = axis as number;
  if (!Number.isInteger(axis) || a < -rank || a >= rank)
    throw new ArgumentError(`${operation}: ${argument} ${describe(axis)} is no axis of a tensor of rank ${rank}`);
  return a < 0 ? a + rank : a;
}

/** Several axes, counted from 0, in the order given. */
export function checkDistinct(operation: string, argument: string, axes: readonly unknown[], rank: number): number[] {
  const out = Array.from(axes, (a) => checkAxis(operation, a, rank, argument));
  if (out.some((axis, i) => out.indexOf(axis) < i)) {
    throw new ArgumentError(`${operation}: ${argument} [${axes.join()}] names an axis twice`);
  }
  return out;
}

/** Several axes, ascending; all of them where none is given. */
export function checkAxes(
  operation: string,
  axes: number | readonly number[] | null | undefined,
  rank: number,
): readonly number[] {
  if (axes === undefined || axes === null) return [...Array(rank).keys()];
  if (!Array.isArray(axes)) return [checkAxis(operation, axes, rank)];
  return checkDistinct(operation, 'axis', axes, rank).sort((a, b) => a - b);
}

/** An array of whole numbers, one an axis. */
export function checkPerAxis(operation: string, argument: string, values: unknown, rank: number): readonly number[] {
  checkWhole(operation, argument, values);
  if (values.length !== rank) {
    throw new ShapeError(`${operation}: ${argument} has ${values.length} entries, but x has ${rank} axes`);
  }
  return values;
}
