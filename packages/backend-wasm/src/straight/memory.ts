/**
 * How a straight line reads and writes its slots: one row, or as many rows as there are lanes.
 * The one idea: numbers that lie next to each other in each of four rows are read as four vectors and transposed, and
 * written the same way. Loads may read past the end, stores may not. Must not import scalar functions.
 */
import type { DType, Lane } from '@jacobi/backend';
import { bytesPerElement } from '@jacobi/backend';
import { masks, storeOne } from '../access.ts';
import type { Expr, Load } from '../assembler/expr.ts';
import { f32, f64, i32 } from '../assembler/expr.ts';
import type { FunctionBuilder } from '../assembler/function.ts';
import { i8x16, i16x8, i32x4, v128 } from '../assembler/simd.ts';
import type { Lowering } from '../lowering.ts';
import { transpose } from '../recipes/transpose.ts';
import type { Value, Width } from '../value.ts';
import { elementOf } from '../value.ts';

type I32 = Expr<'i32'>;
type V = Expr<'v128'>;

const SCALAR: Readonly<Record<DType, Load<'f32'> | Load<'f64'> | Load<'i32'>>> = {
  float32: f32.load,
  float64: f64.load,
  int32: i32.load,
  bool: i32.load8,
};

/** Positions in `lanes` that are read or written together: next to each other in rows that are as far apart. */
export function windows(
  all: readonly Lane[],
  dtypeOf: (slot: number) => DType,
  width: Width,
  stores: boolean,
): number[][] {
  const groups = new Map<string, number[]>();
  all.forEach(({ slot, stride }, i) => {
    const key = `${slot}:${stride}`;
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  });
  return [...groups.values()].flatMap((group) => {
    const { slot, stride } = all[group[0]!]!;
    const bytes = bytesPerElement(dtypeOf(slot));
    const size = bytes === 1 ? 1 : bytes === 4 ? 4 : stores ? 2 : 1;
    const apart = stores ? Math.abs(stride) >= size : stride !== 0 && Math.abs(stride) !== 1;
    if (width === 1 || size === 1 || !apart) return group.map((i) => [i]);
    const sorted = group.sort((a, b) => all[a]!.offset - all[b]!.offset);
    return windowsOf(sorted, (i) => all[i]!.offset, size, stores);
  });
}

/** Stores need all of a window, loads three of four. */
function windowsOf(sorted: readonly number[], offset: (i: number) => number, size: number, whole: boolean): number[][] {
  const out: number[][] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i + 1;
    while (end < sorted.length && offset(sorted[end]!) < offset(sorted[i]!) + size) end++;
    const window = sorted.slice(i, end);
    const distinct = new Set(window.map(offset)).size;
    const good = whole ? window.length === size && distinct === size : distinct >= 3;
    if (good) out.push(window);
    else out.push([sorted[i]!]);
    i = good ? end : i + 1;
  }
  return out;
}

/** The slots of a line, seen from one row or block of rows. */
export class Rows {
  readonly #l: Lowering;
  readonly #f: FunctionBuilder;
  readonly #width: Width;
  readonly #row: I32 | undefined;
  readonly #pointers = new Map<string, I32>();

  /** `row`: the number of the first row; absent where there is only one. */
  constructor(l: Lowering, f: FunctionBuilder, width: Width, row: I32 | undefined) {
    this.#l = l;
    this.#f = f;
    this.#width = width;
    this.#row = row;
  }

  #dtype({ slot }: Lane): DType {
    return this.#l.dtype(slot);
  }

  /** Where a lane is in this row: an address and bytes to add. */
  #at({ slot, stride, offset }: Lane): { base: I32; offset: number } {
    const bytes = bytesPerElement(this.#l.dtype(slot));
    const place = this.#l.place(slot);
    const moves = this.#row !== undefined && stride !== 0;
    if (!moves && place.offset > 0) return { base: place.base, offset: place.offset + offset * bytes };
    // Moving backwards, the sum must not pass below zero before the offset is added.
    const key = `${slot}:${moves ? stride : 0}:${stride < 0 ? offset : 0}`;
    let base = this.#pointers.get(key);
    if (!base) {
      const start = stride < 0 ? place.offset + offset * bytes : place.offset;
      const fixed = start === 0 ? place.base : i32.add(place.base, i32.const(start));
      const local = this.#f.local('i32');
      this.#f.set(local, moves ? i32.add(fixed, i32.mul(this.#row, i32.const(stride * bytes))) : fixed);
      this.#pointers.set(key, (base = local));
    }
    return { base, offset: stride < 0 && moves ? 0 : offset * bytes };
  }

  /** The same `rows` further on. */
  #ahead(lane: Lane, rows: number): { base: I32; offset: number } {
    const { base, offset } = this.#at(lane);
    const to = offset + rows * lane.stride * bytesPerElement(this.#dtype(lane));
    return to < 0 ? { base: i32.add(base, i32.const(to)), offset: 0 } : { base, offset: to };
  }

  /** The elements of one lane. */
  load(lane: Lane): Value {
    const dtype = this.#dtype(lane);
    const { base, offset } = this.#at(lane);
    if (this.#width === 1) return { dtype, parts: [SCALAR[dtype](base, offset)] };
    const parts = this.#vectors(dtype, lane);
    return { dtype, parts: parts.map((part) => this.#f.let(dtype === 'bool' ? masks(part) : part)) };
  }

  #vectors(dtype: DType, lane: Lane): V[] {
    const { base, offset } = this.#at(lane);
    const count = dtype === 'float64' && this.#width === 4 ? 2 : 1;
    const size = bytesPerElement(dtype);
    if (lane.stride === 0) {
      const splat = size === 8 ? v128.splat64 : size === 4 ? v128.splat32 : v128.splat8;
      return Array.from({ length: count }, () => splat(base, offset));
    }
    if (lane.stride === 1) {
      if (size === 1) return [v128.load32(base, offset)];
      return Array.from({ length: count }, (_, i) => v128.load(base, offset + 16 * i));
    }
    const [first, next] =
      size === 8
        ? ([v128.load64, v128.loadLane64] as const)
        : size === 4
          ? ([v128.load32, v128.loadLane32] as const)
          : ([v128.splat8, v128.loadLane8] as const);
    const lanes = this.#width / count;
    return Array.from({ length: count }, (_, part) => {
      const start = this.#ahead(lane, part * lanes);
      let v = first(start.base, start.offset);
      for (let i = 1; i < lanes; i++) {
        const to = this.#ahead(lane, part * lanes + i);
        v = next(to.base, v, i, to.offset);
      }
      return v;
    });
  }

  /** The elements of several lanes of a window. */
  loadWindow(all: readonly Lane[]): Value[] {
    const first = all[0]!;
    const rows = [0, 1, 2, 3].map((i) => {
      const { base, offset } = this.#ahead(first, i);
      return this.#f.let(v128.load(base, offset));
    });
    const columns = transpose(this.#f, rows);
    this.#f.release(...rows);
    const used = all.map(({ offset }) => columns[offset - first.offset]!);
    this.#f.release(...columns.filter((column) => !used.includes(column)));
    return used.map((part) => ({ dtype: this.#dtype(first), parts: [part] }));
  }

  store(lane: Lane, value: Value): void {
    const { dtype, parts } = value;
    const f = this.#f;
    const { base, offset } = this.#at(lane);
    if (this.#width === 1) return storeOne(f, dtype, base, parts[0]!, offset);
    if (lane.stride === 1) {
      if (dtype !== 'bool') return parts.forEach((part, i) => f.do(v128.store(base, part as V, offset + 16 * i)));
      const words = i16x8.narrow(v128.and(parts[0] as V, i32x4.const(1)), i32x4.const(0));
      return f.do(v128.storeLane32(base, i8x16.narrow(words, i32x4.const(0)), 0, offset));
    }
    for (let i = 0; i < this.#width; i++) {
      const to = this.#ahead(lane, i);
      if (dtype === 'float64') f.do(v128.storeLane64(to.base, parts[i >> 1] as V, i & 1, to.offset));
      else if (dtype === 'bool') storeOne(f, dtype, to.base, elementOf(value, i, 4), to.offset);
      else f.do(v128.storeLane32(to.base, parts[0] as V, i, to.offset));
    }
  }

  /** Stores all of a window. */
  storeWindow(all: readonly Lane[], values: readonly Value[]): void {
    const f = this.#f;
    values[0]!.parts.forEach((_, part) => {
      const rows = transpose(
        f,
        values.map(({ parts }) => parts[part]!),
      );
      rows.forEach((row, i) => {
        const { base, offset } = this.#ahead(all[0]!, part * rows.length + i);
        f.do(v128.store(base, row, offset));
      });
      f.release(...rows);
    });
  }
}
