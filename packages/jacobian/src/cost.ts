/** What linear programs cost: arithmetic and bytes for each seed that travels through them. Must not name operations. */
import type { Derived } from '@jacobi/autograd/internal';
import { bytesPerElement } from '@jacobi/backend';
import type { Application, LinearParams, Row, Var } from '@jacobi/tensor/internal';

/** Cost of the rows that depend on some inputs. */
export interface Cost {
  /** Additions and multiplications. */
  readonly flops: number;
  readonly multiplications: number;
  /** Bytes of intermediate values that are alive at once, at most. */
  readonly bytes: number;
}

/** The inputs of a derived program that stand for seeds: those behind the values it reads. */
export function seedsOf({ program, residuals }: Derived): readonly Var[] {
  return program.inputs.slice(residuals.length);
}

/** The cost of one seed through the rows that depend on seeds. */
export function costOf(derived: Derived): Cost {
  const { types, rows, inputs, outputs } = derived.program;
  const dependent = new Set(seedsOf(derived));
  const last = new Map<Var, Row>();
  for (const row of rows) {
    if (!row.inputs.some((v) => dependent.has(v))) continue;
    for (const v of row.inputs) last.set(v, row);
    for (const v of row.outputs) dependent.add(v);
  }
  // Inputs are the caller's, and results stay to the end.
  for (const v of [...inputs, ...outputs]) last.delete(v);
  const bytesOf = (v: Var): number => types[v]!.size * bytesPerElement(types[v]!.dtype);
  let flops = 0;
  let multiplications = 0;
  let live = 0;
  let bytes = 0;
  for (const row of rows) {
    if (!row.outputs.some((v) => dependent.has(v))) continue;
    const { work, products } = rowCost(row.application);
    flops += work;
    multiplications += products;
    for (const v of row.outputs) live += bytesOf(v);
    bytes = Math.max(bytes, live);
    for (const v of new Set(row.inputs)) if (dependent.has(v) && last.get(v) === row) live -= bytesOf(v);
  }
  return { flops, multiplications, bytes };
}

function rowCost({ primitive, inputs, outputs, params }: Application): { work: number; products: number } {
  const size = outputs.reduce((n, t) => n + t.size, 0);
  const { view, derivative } = primitive;
  if (view !== undefined) return { work: 0, products: 0 };
  if (derivative.kind !== 'bilinear') return { work: Math.max(size, ...inputs.map((t) => t.size)), products: 0 };
  if (derivative.map === 'scale') return { work: size, products: size };
  derivative.map satisfies 'contract';
  const { left, out } = params as unknown as LinearParams;
  const inner = left.reduce((n, label, i) => (out.includes(label) ? n : n * inputs[0]!.shape[i]!), 1);
  return { work: 2 * size * inner, products: size * inner };
}
