/**
 * Contractions as code: dot products, outer products, or a matrix product through tables of positions.
 * The one idea: whatever axes the groups have, a table of where each row, column and term lies makes them three axes.
 * Must not import plans.
 */

import type { Access, ContractKernel, MapKernel, Slot } from '@jacobi/backend';
import { bytesPerElement, rowMajor } from '@jacobi/backend';
import { mul } from '@jacobi/backend/scalar';
import { mapLoop } from '@jacobi/backend-cpu';
import type { Expr } from './assembler/expr.ts';
import { collapse, positions, product } from './axes.ts';
import { emitCopy, lowerMap } from './lower-map.ts';
import { emitDots } from './lower-reduce.ts';
import type { Lowering } from './lowering.ts';
import { gemmRecipe, WAY, workBytes } from './recipes/gemm.ts';
import type { Summand } from './recipes/vector.ts';

type I32 = Expr<'i32'>;

/** How a contraction is computed; undefined: not here. Tiers share this choice, so that they agree. */
export function contractionKind(
  kernel: ContractKernel,
  slots: readonly Slot[],
): 'nothing' | 'outer' | 'dots' | 'matrix' | undefined {
  const dtypes = [kernel.left, kernel.right, kernel.output].map(({ slot }) => slots[slot]!.dtype);
  if (dtypes[0] === 'bool' || dtypes.some((dtype) => dtype !== dtypes[0])) return undefined;
  if ([...kernel.batch, ...kernel.m, ...kernel.n].includes(0)) return 'nothing';
  const k = product(kernel.k);
  if (k <= 1) return 'outer';
  const narrow = Math.min(product(kernel.m), product(kernel.n)) === 1;
  return narrow && dtypes[0] !== 'int32' ? 'dots' : 'matrix';
}

/** The dtype that a matrix product sums in. */
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
  switch (contractionKind(kernel, l.slots)) {
    case 'outer':
      return lowerMap(l, outerProduct(kernel, l.slots));
    case 'dots':
      return lowerDots(l, kernel);
    case 'matrix':
      return lowerMatrix(l, kernel);
    default:
      return;
  }
}

/** An operand's elements in row-major order. */
function copied(l: Lowering, from: Access, shape: readonly number[]): { start: I32; strides: readonly number[] } {
  const dtype = l.dtype(from.slot);
  const to = { dtype, start: l.space(product(shape) * bytesPerElement(dtype)), strides: rowMajor(shape) };
  emitCopy(l, shape, { dtype, start: l.start(from), strides: from.strides }, to);
  return to;
}

/** The operand of more rows goes first. Where the terms lie on several axes, both are copied together. */
function lowerDots(l: Lowering, { batch, m, n, k, left, right, output }: ContractKernel): void {
  const swap = product(n) > 1;
  const [x, y, rows, others] = swap ? [right, left, n, m] : [left, right, m, n];
  const b = batch.length;
  const terms = collapse(k, [x.strides.slice(b + rows.length), y.strides.slice(b + others.length)]);
  const together = terms.length > 1;
  const shapes = [
    [...batch, ...rows, ...k],
    [...batch, ...others, ...k],
  ];
  const [first, second] = [x, y].map((each, i) =>
    together ? copied(l, each, shapes[i]!) : { start: l.start(each), strides: each.strides },
  );
  const steps = (together ? [1, 1] : (terms[0]?.strides ?? [1, 1])) as [number, number];
  const outRows = swap ? b + m.length : b;
  const axes = collapse(
    [...batch, ...rows],
    [
      [...output.strides.slice(0, b), ...output.strides.slice(outRows, outRows + rows.length)],
      first!.strides.slice(0, b + rows.length),
      [...second!.strides.slice(0, b), ...rows.map(() => 0)],
    ],
  );
  emitDots(l, {
    axes,
    count: product(k),
    steps,
    starts: [l.start(output), first!.start, second!.start],
    slots: [output.slot, x.slot, y.slot],
  });
}

/** True if a table's places lie next to each other. */
function isUnit(table: Int32Array, bytes: number): boolean {
  return table.every((at, i) => at === i * bytes);
}

/** Where the rows, columns and terms lie, in bytes, behind their numbers and how they are packed. */
function describe(
  {
    m,
    n,
    k,
    left,
    right,
    output,
  }: Pick<ContractKernel, 'm' | 'n' | 'k'> & Record<'left' | 'right' | 'output', readonly number[]>,
  bytes: number,
  outBytes: number,
): Int32Array {
  const tables = [
    positions(m, left.slice(0, m.length)).map((at) => at * bytes),
    positions(k, left.slice(m.length)).map((at) => at * bytes),
    positions(n, right.slice(0, n.length)).map((at) => at * bytes),
    positions(k, right.slice(n.length)).map((at) => at * bytes),
    positions(m, output.slice(0, m.length)).map((at) => at * outBytes),
    positions(n, output.slice(m.length)).map((at) => at * outBytes),
  ];
  const way = (rows: Int32Array, terms: Int32Array): number =>
    isUnit(rows, bytes) ? WAY.acrossK : isUnit(terms, bytes) ? WAY.alongK : WAY.tables;
  const head = [product(m), product(n), product(k), way(tables[0]!, tables[1]!), way(tables[2]!, tables[3]!)];
  const all = [...head, isUnit(tables[5]!, outBytes) ? 1 : 0];
  const info = new Int32Array(all.length + tables.reduce((sum, table) => sum + table.length, 0));
  info.set(all);
  let at = all.length;
  for (const table of tables) {
    info.set(table, at);
    at += table.length;
  }
  return info;
}

function lowerMatrix(l: Lowering, kernel: ContractKernel): void {
  const { batch, m, n, k, left, right, output } = kernel;
  const from = l.dtype(left.slot) as Summand;
  const sum = summandOf(kernel, l.slots);
  const b = batch.length;
  const bytes = bytesPerElement(from);
  // Sums that are wider than the result are gathered by themselves, and rounded once.
  const apart = sum !== from;
  const shape = [...batch, ...m, ...n];
  const own = {
    start: apart ? l.space(product(shape) * 8) : l.start(output),
    strides: apart ? rowMajor(shape) : output.strides,
  };
  const info = describe(
    { m, n, k, left: left.strides.slice(b), right: right.strides.slice(b), output: own.strides.slice(b) },
    bytes,
    bytesPerElement(sum),
  );
  const { simd, fused } = l.mode;
  const gemm = l.shared(`gemm:${from}:${sum}`, () => gemmRecipe(from, sum, simd, fused));
  const args = { info: l.constant(info), work: l.space(workBytes(sum, product(n), product(k))) };
  const pointers = [own.start, l.start(left), l.start(right)].map((start) => l.f.let(start));
  const outer = collapse(batch, [own.strides.slice(0, b), left.strides.slice(0, b), right.strides.slice(0, b)]);
  const sizes = [bytesPerElement(sum), bytes, bytes];
  const axes = outer.map(({ size, strides }) => ({ size, strides: strides.map((s, i) => s * sizes[i]!) }));
  l.nest(axes, pointers, () => l.f.call(gemm, args.info, pointers[1]!, pointers[2]!, pointers[0]!, args.work));
  if (apart) {
    emitCopy(
      l,
      shape,
      { dtype: sum, start: own.start, strides: own.strides },
      { dtype: from, start: l.start(output), strides: output.strides },
    );
  }
}
