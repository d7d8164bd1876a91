/**
 * Contractions as code: outer products, sums side by side, small products straight from memory, or large ones through
 * tables of positions.
 * The one idea: each result is the same sum in every form, so forms are chosen by shape alone. Must not import plans.
 */

import type { Access, Axis, ContractKernel, DType, MapKernel, Slot } from '@jacobi/backend';
import { bytesPerElement, collapse, resultsApart, rowMajor } from '@jacobi/backend';
import { mul } from '@jacobi/backend/scalar';
import { mapLoop } from '@jacobi/backend-cpu';
import type { Expr } from './assembler/expr.ts';
import { i32 } from './assembler/expr.ts';
import { positions, product } from './axes.ts';
import { canLowerBody, emitCopy, lowerMap } from './lower-map.ts';
import { emitSmall, smallForm } from './lower-small.ts';
import type { Lowering } from './lowering.ts';
import type { Way } from './recipes/dots.ts';
import { dotsRecipe, FEW, MANY, SEVERAL, totalRecipe } from './recipes/dots.ts';
import { DEPTH, gemmRecipe, workBytes } from './recipes/gemm.ts';
import { WAY } from './recipes/pack.ts';
import type { Summand } from './recipes/vector.ts';
import { keyOf } from './row.ts';
import type { Side, Sums } from './sums.ts';
import { rowOf, stepOf, turned } from './sums.ts';

type I32 = Expr<'i32'>;

/** How a contraction is computed; undefined: not here. */
export function contractionKind(
  kernel: ContractKernel,
  slots: readonly Slot[],
): 'nothing' | 'outer' | 'sums' | undefined {
  const dtypes = [kernel.left, kernel.right, kernel.output].map(({ slot }) => slots[slot]!.dtype);
  if (dtypes[0] === 'bool' || dtypes.some((dtype) => dtype !== dtypes[0])) return undefined;
  const { epilogue } = kernel;
  const made = [dtypes[2]!, dtypes[2]!, ...(epilogue?.inputs ?? []).map(({ slot }) => slots[slot]!.dtype)];
  if (epilogue && !canLowerBody(made, epilogue.body)) return undefined;
  if ([...kernel.batch, ...kernel.m, ...kernel.n].includes(0)) return 'nothing';
  return product(kernel.k) <= 1 ? 'outer' : 'sums';
}

/** Only sums longer than a block are fused: steps and straight lines, which round twice, take the others, too. */
export const isLong = (k: readonly number[]): boolean => product(k) > DEPTH;

const isFused = ({ mode }: Lowering, k: readonly number[]): boolean => mode.fused && isLong(k);

/** The dtype that a contraction sums in. */
export function summandOf({ accumulate, output }: ContractKernel, slots: readonly Slot[]): Summand {
  const dtype = slots[output.slot]!.dtype as Summand;
  return dtype === 'float32' && accumulate === 'float64' ? 'float64' : dtype;
}

/** An empty sum everywhere, or products by themselves. */
export function outerProduct(
  { batch, m, n, k, left, right, output }: ContractKernel,
  slots: readonly Slot[],
): MapKernel {
  const shape = [...batch, ...m, ...n];
  const zeros = (axes: readonly number[]): number[] => axes.map(() => 0);
  const [b, bm] = [batch.length, batch.length + m.length];
  if (k.includes(0)) return { kind: 'map', js: mapLoop, shape, inputs: [], output, body: [{ constant: 0 }] };
  const x = { ...left, strides: [...left.strides.slice(0, bm), ...zeros(n)] };
  const rightEnd = b + n.length;
  const y = { ...right, strides: [...right.strides.slice(0, b), ...zeros(m), ...right.strides.slice(b, rightEnd)] };
  const dtype = slots[output.slot]!.dtype;
  return { kind: 'map', js: mapLoop, shape, inputs: [x, y], output, body: [{ fn: mul, args: [0, 1], dtype }] };
}

export function lowerContract(l: Lowering, kernel: ContractKernel): void {
  const [sums, made] = resultsApart(kernel);
  if (!lowerSums(l, kernel, sums) && kernel.epilogue) lowerMap(l, made);
}

/** True if the epilogue is done as well. */
function lowerSums(l: Lowering, kernel: ContractKernel, alone: ContractKernel): boolean {
  const kind = contractionKind(kernel, l.slots);
  if (kind === 'outer') lowerMap(l, outerProduct(alone, l.slots));
  if (kind !== 'sums') return false;
  const { batch, m, n, k, left, right, output, epilogue } = kernel;
  const dtype = summandOf(kernel, l.slots);
  const own = l.dtype(output.slot);
  const sideOf = (access: Access): Side => ({ start: l.start(access), strides: access.strides });
  const sides = [sideOf(left), sideOf(right), sideOf(output)] as const;
  if (dtype === own) {
    // Operands of another dtype are left to a map.
    const here = epilogue?.inputs.every(({ slot }) => l.dtype(slot) === own) ? epilogue : undefined;
    const made = (here?.inputs ?? []).map(sideOf);
    return emitSums(l, { batch, m, n, k, dtype, sides: [...sides, ...made], body: here?.body });
  }
  // Sums that are wider than the operands: those are widened first, and the results rounded last.
  const shapes = [
    [...batch, ...m, ...k],
    [...batch, ...n, ...k],
    [...batch, ...m, ...n],
  ] as const;
  const room = (shape: readonly number[]): Side => ({
    start: l.space(product(shape) * bytesPerElement(dtype)),
    strides: rowMajor(shape),
  });
  const wide = [room(shapes[0]), room(shapes[1]), room(shapes[2])] as const;
  for (const i of [0, 1] as const) emitCopy(l, shapes[i], { dtype: own, ...sides[i] }, { dtype, ...wide[i] });
  emitSums(l, { batch, m, n, k, dtype, sides: wide, body: undefined });
  emitCopy(l, shapes[2], { dtype, ...wide[2] }, { dtype: own, ...sides[2] });
  return false;
}

/** True if results are what the body makes of sums, which some forms leave to a map. */
function emitSums(l: Lowering, sums: Sums): boolean {
  const rows = product(sums.m);
  const columns = product(sums.n);
  if (Math.min(rows, columns) === 1) {
    emitDots(l, columns > 1 ? turned(sums) : sums);
    return false;
  }
  const small = smallForm(sums);
  if (small) return emitSmall(l, small, sums.dtype);
  return emitMatrix(l, sums);
}

/** Sums for each row of left, with the one row of right that its batch has. */
function emitDots(l: Lowering, sums: Sums): void {
  const { batch, m, n, k, dtype } = sums;
  const b = batch.length;
  let [left, right] = sums.sides;
  const { start, strides } = sums.sides[2];
  const terms = collapse(k, [left.strides.slice(b + m.length), right.strides.slice(b + n.length)]);
  if (terms.length > 1) {
    left = copied(l, dtype, left, [...batch, ...m, ...k]);
    right = copied(l, dtype, right, [...batch, ...n, ...k]);
  }
  const [xStep, yStep] = terms.length > 1 ? [1, 1] : ((terms[0]?.strides ?? [1, 1]) as [number, number]);
  const axes = collapse(
    [...batch, ...m],
    [
      strides.slice(0, b + m.length),
      left.strides.slice(0, b + m.length),
      [...right.strides.slice(0, b), ...m.map(() => 0)],
    ],
  );
  const lane = takeLanes(axes);
  const size = bytesPerElement(dtype);
  const pointers = [start, left.start, right.start].map((each) => l.f.let(each));
  const outer = axes.map((axis) => ({ size: axis.size, strides: axis.strides.map((s) => s * size) }));
  const count = product(k);
  l.nest(outer, pointers, () => {
    const [to, x, y] = pointers as readonly I32[] as readonly [I32, I32, I32];
    const fused = isFused(l, k);
    if (lane.size > 1 || count < 2 * DEPTH) {
      const [toRow, xRow, yRow] = lane.strides as [number, number, number];
      dots(l, dtype, { rows: lane.size, count, x, xRow, xStep, y, yRow, yStep, to, toRow, fused });
    } else alone(l, dtype, { count, x, xStep, y, yStep, to, fused });
  });
}

/** The axis that lanes go across: one whose rows lie next to each other, or the longest. */
function takeLanes(axes: Axis[]): Axis {
  let best = axes.length - 1;
  if (best < 0) return { size: 1, strides: [0, 0, 0] };
  const isNext = ({ size, strides }: Axis): boolean => size >= 8 && strides[1] === 1;
  for (const [i, axis] of axes.entries()) {
    const better = isNext(axis) === isNext(axes[best]!) ? axis.size > axes[best]!.size : isNext(axis);
    if (better) best = i;
  }
  return axes.splice(best, 1)[0]!;
}

/** Distances in elements. */
interface Dots {
  readonly rows: number;
  readonly count: number;
  readonly x: I32;
  readonly xRow: number;
  readonly xStep: number;
  readonly y: I32;
  readonly yRow: number;
  readonly yStep: number;
  readonly to: I32;
  readonly toRow: number;
  readonly fused: boolean;
}

function dots(l: Lowering, dtype: Summand, d: Dots): void {
  const way = (row: number, step: number): Way => {
    if (row === 0 || d.rows === 1) return 'shared';
    return step === 1 ? 'along' : row === 1 ? 'across' : 'any';
  };
  const ways = [way(d.xRow, d.xStep), way(d.yRow, d.yStep)] as const;
  const { simd } = l.mode;
  const { fused } = d;
  const apart = [d.xRow, d.yRow].filter((_, i) => ways[i] === 'along' || ways[i] === 'any');
  const collide = apart.length > 1 || (apart[0]! * bytesPerElement(dtype)) % 1024 === 0;
  const most = apart.length === 0 ? MANY : collide ? FEW : SEVERAL;
  const name = `dots:${dtype}:${fused}:${ways.join()}:${most}`;
  const callee = l.shared(name, () => dotsRecipe(dtype, ways, most, simd, fused));
  const bytes = (elements: number): I32 => i32.const(elements * bytesPerElement(dtype));
  const x = [d.x, bytes(d.xRow), bytes(d.xStep)] as const;
  const y = [d.y, bytes(d.yRow), bytes(d.yStep)] as const;
  l.f.call(callee, i32.const(d.rows), i32.const(d.count), ...x, ...y, d.to, bytes(d.toRow));
}

/** One long sum: its blocks side by side, then their sum. */
function alone(l: Lowering, dtype: Summand, d: Omit<Dots, 'rows' | 'xRow' | 'yRow' | 'toRow'>): void {
  const blocks = Math.floor(d.count / DEPTH);
  const rest = d.count % DEPTH;
  const size = bytesPerElement(dtype);
  const space = l.f.let(l.space((blocks + 1) * size));
  const [xRow, yRow] = [DEPTH * d.xStep, DEPTH * d.yStep];
  dots(l, dtype, { ...d, rows: blocks, count: DEPTH, xRow, yRow, to: space, toRow: 1 });
  if (rest > 0) {
    const [x, y] = [i32.add(d.x, i32.const(blocks * xRow * size)), i32.add(d.y, i32.const(blocks * yRow * size))];
    const to = i32.add(space, i32.const(blocks * size));
    dots(l, dtype, { ...d, x, y, rows: 1, count: rest, xRow: 0, yRow: 0, to, toRow: 1 });
  }
  const total = l.shared(`total:${dtype}`, () => totalRecipe(dtype));
  l.f.call(total, i32.const(blocks + (rest > 0 ? 1 : 0)), space, d.to);
}

/** An operand's elements in row-major order. */
function copied(l: Lowering, dtype: DType, from: Side, shape: readonly number[]): Side {
  const to = { start: l.space(product(shape) * bytesPerElement(dtype)), strides: rowMajor(shape) };
  emitCopy(l, shape, { dtype, ...from }, { dtype, ...to });
  return to;
}

/** Rows that are read with the last. */
const SPARE = 3;

/** Where the rows, columns and terms lie, in bytes, behind their numbers and how they are packed. */
function describe({ batch, m, n, k, sides }: Sums, made: readonly Side[], bytes: number): Int32Array {
  const b = batch.length;
  const [left, right, output, ...others] = [...sides.slice(0, 3), ...made].map(({ strides }) => strides.slice(b));
  const [x, y, to] = [left!.slice(m.length), right!.slice(n.length), output!.slice(m.length)];
  const way = (shape: readonly number[], rows: readonly number[], terms: readonly number[]): number =>
    stepOf(shape, rows) === 1 ? WAY.acrossK : stepOf(k, terms) === 1 ? WAY.alongK : WAY.tables;
  const count = product(m);
  const rows = [output!, ...others].map((strides) => positions(m, strides));
  const tables = [
    positions(m, left!),
    positions(k, x),
    positions(n, right!),
    positions(k, y),
    positions(n, to),
    ...Array.from({ length: count + SPARE }, (_, i) => rows.map((table) => table[Math.min(i, count - 1)]!)),
  ];
  const head = [count, product(n), product(k), way(m, left!, x), way(n, right!, y), stepOf(n, to) === 1 ? 1 : 0];
  return Int32Array.from([...head, ...tables.flatMap((table) => Array.from(table, (at) => at * bytes))]);
}

function emitMatrix(l: Lowering, sums: Sums): boolean {
  const { batch, m, n, k, dtype, sides } = sums;
  const b = batch.length;
  const bytes = bytesPerElement(dtype);
  const { simd } = l.mode;
  const fused = isFused(l, k);
  const row = rowOf(sums);
  const made = row?.made ?? [];
  const name = `gemm:${dtype}:${fused}:${row ? keyOf(row.spec) : ''}`;
  const gemm = l.shared(name, () => gemmRecipe(dtype, simd, fused, row?.spec));
  const info = l.constant(describe(sums, made, bytes));
  const work = l.space(workBytes(dtype, product(m), product(n), product(k)));
  const [left, right, output] = sides;
  const all = [output, left, right, ...made];
  const pointers = all.map(({ start }) => l.f.let(start));
  const axes = collapse(
    batch,
    all.map(({ strides }) => strides.slice(0, b)),
  ).map(({ size, strides }) => ({ size, strides: strides.map((s) => s * bytes) }));
  const [to, x, y, ...operands] = pointers as readonly I32[] as readonly [I32, I32, I32, ...I32[]];
  l.nest(axes, pointers, () => l.f.call(gemm, info, x, y, to, work, ...operands));
  return row !== undefined;
}
