/** What linear programs cost: arithmetic and bytes for each seed that travels through them. Must not name operations. */
import { bytesPerElement } from '@jacobi/backend';
import type { Program, Row, Var } from '@jacobi/tensor/internal';

/** Cost of the rows that depend on some inputs. */
export interface Cost {
  /** Additions and multiplications. */
  readonly flops: number;
  readonly multiplications: number;
  /** Bytes of intermediate values that are alive at once, at most. */
  readonly bytes: number;
}

/** The cost of one seed through the rows that depend on `seeds`. */
export function costOf(program: Program, seeds: readonly Var[]): Cost {
  const dependent = new Set(seeds);
  const rows = program.rows.filter((row) => {
    const reads = row.inputs.some((v) => dependent.has(v));
    if (reads) row.outputs.forEach((v) => dependent.add(v));
    return reads;
  });
  let flops = 0;
  let multiplications = 0;
  for (const row of rows) {
    const { work, products } = rowCost(row);
    flops += work;
    multiplications += products;
  }
  return { flops, multiplications, bytes: peakBytes(program, rows, dependent) };
}

function rowCost({ application }: Row): { work: number; products: number } {
  const { primitive, inputs, outputs, params } = application;
  const size = outputs.reduce((n, t) => n + t.size, 0);
  if (primitive.view !== undefined) return { work: 0, products: 0 };
  const { derivative } = primitive;
  if (derivative.kind === 'bilinear') {
    if (derivative.map === 'scale') return { work: size, products: size };
    derivative.map satisfies 'contract';
    const { left, out } = params as { left: readonly number[]; out: readonly number[] };
    const inner = left.reduce((n, label, i) => (out.includes(label) ? n : n * inputs[0]!.shape[i]!), 1);
    return { work: 2 * size * inner, products: size * inner };
  }
  return { work: Math.max(size, ...inputs.map((t) => t.size)), products: 0 };
}

/** The most bytes of dependent values alive at one time, by their first and last use. */
function peakBytes(program: Program, rows: readonly Row[], dependent: ReadonlySet<Var>): number {
  const last = new Map<Var, number>();
  rows.forEach((row, i) => row.inputs.forEach((v) => last.set(v, i)));
  const bytes = (v: Var): number => program.types[v]!.size * bytesPerElement(program.types[v]!.dtype);
  // Inputs are the caller's, and results stay to the end.
  const lasting = new Set([...program.inputs, ...program.outputs]);
  let live = 0;
  let peak = 0;
  rows.forEach((row, i) => {
    for (const v of row.outputs) live += bytes(v);
    peak = Math.max(peak, live);
    for (const v of new Set(row.inputs)) if (dependent.has(v) && last.get(v) === i && !lasting.has(v)) live -= bytes(v);
  });
  return peak;
}
