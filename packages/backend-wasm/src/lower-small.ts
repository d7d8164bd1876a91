/**
 * Small products: straight from memory, without panels.
 * The one idea: what fits the nearest cache needs no packing, and what is tiny is written out. Must not import plans.
 */
import type { Axis } from '@jacobi/backend';
import { bytesPerElement, collapse } from '@jacobi/backend';
import type { Expr } from './assembler/expr.ts';
import { i32 } from './assembler/expr.ts';
import type { Lowering } from './lowering.ts';
import { DEPTH } from './recipes/gemm.ts';
import { argumentsOf, smallRecipe, smallWork, writeTiny } from './recipes/small.ts';
import type { Summand } from './recipes/vector.ts';
import { vectorOf } from './recipes/vector.ts';
import { keyOf } from './row.ts';
import type { Row, Sums } from './sums.ts';
import { rowOf, stepOf, turned } from './sums.ts';

type I32 = Expr<'i32'>;

/** A product whose groups are one axis each, and whose right operand, or a column of tiles of it, fits the nearest cache. */
export interface Small {
  readonly axes: Axis[];
  readonly m: Axis;
  readonly n: Axis;
  readonly k: Axis;
  readonly sides: Sums['sides'];
  /** What is made of sums, and how far rows of its operands lie apart. */
  readonly row: (Row & { readonly steps: readonly number[] }) | undefined;
}

/** Elements of the right operand, unless its rows are few and read as they lie. */
const SMALL = 8192;
const FEW_TERMS = 12;

export function smallForm(sums: Sums): Small | undefined {
  const { batch, m, n, k, sides } = sums;
  const [left, right, output] = sides;
  const b = batch.length;
  const [bm, bn] = [b + m.length, b + n.length];
  const one = (shape: readonly number[], ...strides: readonly number[][]): Axis | undefined => {
    const axes = collapse(shape, strides);
    return axes.length === 1 ? axes[0] : undefined;
  };
  const rows = one(m, left.strides.slice(b, bm), output.strides.slice(b, bm));
  const columns = one(n, right.strides.slice(b, bn), output.strides.slice(bm));
  const terms = one(k, left.strides.slice(bm), right.strides.slice(bn));
  if (!rows || !columns || !terms || terms.size > DEPTH) return undefined;
  // Lanes go along columns: the other way round, where they are few, or lie apart while rows do not.
  const apart = columns.strides[0] !== 1 && rows.strides[0] === 1 && rows.size >= 4;
  if (columns.size < 4 ? rows.size <= columns.size : !apart) return formOf(sums, rows, columns, terms);
  return formOf(turned(sums), columns, rows, { size: terms.size, strides: terms.strides.toReversed() });
}

function formOf(sums: Sums, m: Axis, n: Axis, k: Axis): Small | undefined {
  const { batch, sides } = sums;
  const b = batch.length;
  if (n.size * k.size > SMALL && (n.strides[0] !== 1 || k.size > FEW_TERMS)) return undefined;
  const row = rowOf(sums);
  const steps = (row?.made ?? []).map(({ strides }) => stepOf(sums.m, strides.slice(b, b + sums.m.length)));
  const here = row && !steps.includes(undefined) ? { ...row, steps: steps as number[] } : undefined;
  const axes = collapse(
    batch,
    [sides[2], sides[0], sides[1], ...(here?.made ?? [])].map(({ strides }) => strides.slice(0, b)),
  );
  return { axes, m, n, k, sides, row: here };
}

/** Instructions that are written out at most. */
const TINY = 64;

/** A loop over the products, each written out; false if it would be too long, or an operand lies backwards. */
function emitTiny(l: Lowering, { axes, m, n, k, sides }: Small, dtype: Summand): boolean {
  const vector = vectorOf(dtype, l.mode.simd, false);
  const [leftK, rightK] = k.strides as [number, number];
  const distances = [...m.strides, ...n.strides, ...k.strides];
  const units = m.size * k.size * Math.ceil(n.size / vector.width);
  if (units > TINY || distances.some((stride) => stride < 0)) return false;
  const size = bytesPerElement(dtype);
  const tiny = {
    m: m.size,
    n: n.size,
    k: k.size,
    left: { m: m.strides[0]! * size, k: leftK * size },
    right: { n: n.strides[0]! * size, k: rightK * size },
    out: { m: m.strides[1]! * size, n: n.strides[1]! * size },
  };
  const [left, right, out] = sides;
  const own = [out, left, right].map(({ start }) => l.f.let(start));
  const loop = axes.map((axis) => ({ size: axis.size, strides: axis.strides.map((s) => s * size) }));
  l.nest(loop, own, () => l.f.scope(() => (writeTiny(l.f, vector, tiny, own[1]!, own[2]!, own[0]!), [])));
  return true;
}

export function emitSmall(l: Lowering, form: Small, dtype: Summand): boolean {
  if (emitTiny(l, form, dtype)) return false;
  const { axes, m, n, k, sides, row } = form;
  const size = bytesPerElement(dtype);
  const [left, right, out] = sides;
  const own = [out, left, right, ...(row?.made ?? [])].map(({ start }) => l.f.let(start));
  const [leftK, rightK] = k.strides as [number, number];
  const way = n.strides[0] === 1 ? 'unit' : rightK === 1 ? 'along' : 'any';
  const { simd } = l.mode;
  const leftWay = m.strides[0] === 1 ? 'rows' : 'any';
  const spec = { dtype, left: leftWay, right: way } as const;
  const name = `small:${dtype}:${leftWay}:${way}:${row ? keyOf(row.spec) : ''}`;
  const callee = l.shared(name, () => smallRecipe(spec, simd, row?.spec));
  const batch = axes.pop() ?? { size: 1, strides: own.map(() => 0) };
  const bytes = (elements: number): I32 => i32.const(elements * size);
  const work = way === 'unit' ? i32.const(0) : l.space(smallWork(dtype, n.size, k.size));
  const outer = axes.map((axis) => ({ size: axis.size, strides: axis.strides.map((s) => s * size) }));
  const operands = (row?.steps ?? []).flatMap((step, q) => [own[3 + q]!, bytes(batch.strides[3 + q]!), bytes(step)]);
  l.nest(outer, own, () =>
    l.f.call(
      callee,
      ...argumentsOf({
        batch: i32.const(batch.size),
        left: own[1]!,
        right: own[2]!,
        out: own[0]!,
        work,
        m: i32.const(m.size),
        n: i32.const(n.size),
        k: i32.const(k.size),
        leftBatch: bytes(batch.strides[1]!),
        leftM: bytes(m.strides[0]!),
        leftK: bytes(leftK),
        rightBatch: bytes(batch.strides[2]!),
        rightN: bytes(n.strides[0]!),
        rightK: bytes(rightK),
        outBatch: bytes(batch.strides[0]!),
        outM: bytes(m.strides[1]!),
        outN: bytes(n.strides[1]!),
      }),
      ...operands,
    ),
  );
  return row !== undefined;
}
