/**
 * Straight lines as code: one row by itself, or blocks of as many rows as there are lanes.
 * The one idea: the last block overlaps the one before, so that no row needs code of its own: no slot is both read and
 * written. Must not import plans.
 */
import type { Slot, StraightKernel } from '@jacobi/backend';
import type { Expr } from './assembler/expr.ts';
import { choose, i32 } from './assembler/expr.ts';
import type { Callee, FunctionBuilder } from './assembler/function.ts';
import type { Lowering } from './lowering.ts';
import { Ledger } from './straight/ledger.ts';
import { windows } from './straight/memory.ts';
import type { Line, Operands, Unit } from './straight/order.ts';
import { cut, operandsOf, orderLine, readsOf, writesOf } from './straight/order.ts';
import { Writer, type Writing } from './straight/write.ts';
import type { Width } from './value.ts';

/** True if every step has a form, and what is stored has its slot's dtype. */
export function canLowerStraight(kernel: StraightKernel, slots: readonly Slot[]): boolean {
  const operands = operandsFor(kernel, slots);
  if (!operands) return false;
  return kernel.stores.every(({ slot, value }) => {
    const kind = operands.kinds[value]!;
    return typeof kind === 'object' || kind === slots[slot]!.dtype;
  });
}

/** Asked for twice in a row. */
let latest: { readonly kernel: StraightKernel; readonly operands: Operands | undefined } | undefined;

function operandsFor(kernel: StraightKernel, slots: readonly Slot[]): Operands | undefined {
  if (latest?.kernel !== kernel) latest = { kernel, operands: operandsOf(kernel, slots) };
  return latest.operands;
}

/** Rows that go together. Two, where all is float64. */
function widthOf(
  { rows, loads, stores }: StraightKernel,
  operands: Operands,
  slots: readonly Slot[],
  simd: boolean,
): Width {
  if (!simd || rows === 1) return 1;
  const double = [...loads, ...stores].every(({ slot }) => slots[slot]!.dtype === 'float64');
  const wide = operands.kinds.every((kind, i) => {
    const domain = operands.domains[i];
    if (domain === undefined || kind === 'float64') return operands.rows[i]?.kind !== 'words';
    return kind === 'bool' && (domain === 'float64' || domain === 'mask');
  });
  if (double && wide) return 2;
  return rows < 4 ? 1 : 4;
}

export function lowerStraight(l: Lowering, kernel: StraightKernel): void {
  if (kernel.rows === 0) return;
  lowerRows(l, kernel, undefined);
}

/** Some of the rows, at least as many as go together: a function (frame, constants, space, first row, rows). */
export function straightPart(l: Lowering, kernel: StraightKernel): Callee {
  lowerRows(l, kernel, { first: l.f.param(3, 'i32'), count: l.f.param(4, 'i32') });
  return l.f;
}

interface Range {
  readonly first: Expr<'i32'>;
  readonly count: Expr<'i32'>;
}

function lowerRows(l: Lowering, kernel: StraightKernel, range: Range | undefined): void {
  const operands = operandsFor(kernel, l.slots)!;
  latest = undefined;
  const width = widthOf(kernel, operands, l.slots, l.mode.simd);
  const dtypeOf = (slot: number): ReturnType<typeof l.dtype> => l.dtype(slot);
  const line = orderLine(kernel, operands, width, l.mode.simd, windows(kernel.stores, dtypeOf, width, true));
  const pieces = cut(line, width === 4 ? 2 : 1);
  const windowOf = new Map<number, readonly number[]>();
  for (const window of windows(kernel.loads, dtypeOf, width, false))
    if (window.length > 1) for (const load of window) windowOf.set(load, window);
  const writing: Writing = {
    l,
    line,
    width,
    windows: windowOf,
    constants: width === 1 ? new Map() : poolConstants(l, kernel),
    spilled: spills(l, line, pieces, width),
    ledger: new Ledger(operands.kinds.length),
  };
  const single = kernel.rows === 1;
  const write = (f: FunctionBuilder, piece: readonly Unit[], row: Expr<'i32'> | undefined): void =>
    new Writer(writing, f, piece, row).write();
  if (pieces.length === 1) return overRows(l.f, kernel.rows, range, width, (row) => write(l.f, pieces[0]!, row));
  // The row comes last.
  const own = l.f.params.slice(0, l.spaceParam === 0 ? 2 : 3).map((_, i) => l.f.param(i, 'i32'));
  const params = Array.from({ length: own.length + (single ? 0 : 1) }, () => 'i32' as const);
  const functions = pieces.map((piece) =>
    l.module.function({ params, results: [] }, (f) => write(f, piece, single ? undefined : f.param(own.length, 'i32'))),
  );
  overRows(l.f, kernel.rows, range, width, (row) => {
    for (const each of functions) l.f.call(each, ...own, ...(row ? [row] : []));
  });
}

/** Each block of rows. */
function overRows(
  f: FunctionBuilder,
  rows: number,
  range: Range | undefined,
  width: Width,
  body: (row: Expr<'i32'> | undefined) => void,
): void {
  if (rows === 1) return body(undefined);
  const last = range ? f.let(i32.sub(i32.add(range.first, range.count), i32.const(width))) : i32.const(rows - width);
  const row = f.let(range?.first ?? i32.const(0));
  const again = f.local('i32');
  f.repeat(() => {
    body(row);
    f.set(again, i32.lt(row, last));
    const next = i32.add(row, i32.const(width));
    f.set(row, choose(i32.lt(next, last), next, last));
    return again;
  });
}

/** The constants of a body in memory: a float64 and a float32 for each. */
function poolConstants(l: Lowering, { body }: StraightKernel): Map<number, number> {
  const values = [...new Set(body.flatMap((step) => ('constant' in step ? [step.constant] : [])))];
  const data = new Float64Array(2 * values.length);
  const singles = new Float32Array(data.buffer);
  values.forEach((value, i) => {
    data[2 * i] = value;
    singles[4 * i + 2] = value;
  });
  const at = l.pool.add(data);
  return new Map(values.map((value, i) => [value, at + 16 * i]));
}

/** Places for values that a later function reads. */
function spills(l: Lowering, line: Line, pieces: readonly (readonly Unit[])[], width: Width): Map<number, number> {
  const places = new Map<number, number>();
  if (pieces.length === 1) return places;
  const born = new Int32Array(line.operands.kinds.length).fill(pieces.length);
  const size = width === 1 ? 8 : width === 2 ? 16 : 32;
  pieces.forEach((piece, at) => {
    for (const unit of piece) {
      for (const read of readsOf(line, unit))
        if (born[read]! < at && !places.has(read)) places.set(read, places.size * size);
      for (const operand of writesOf(unit)) born[operand] = at;
    }
  });
  const start = l.spaceAt(places.size * size);
  for (const [operand, at] of places) places.set(operand, start + at);
  return places;
}
