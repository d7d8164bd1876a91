/** What linear programs cost: arithmetic and bytes for each seed that travels through them. Must not name operations. */
import type { Derived } from '@jacobi/autograd/internal';
import { bytesPerElement } from '@jacobi/backend';
import type { Application, LinearParams, Row, Var } from '@jacobi/tensor/internal';
import { dependentOn } from '@jacobi/tensor/internal';

/** Cost of the rows that depend on some inputs. */
export interface Cost {
  /** Additions and multiplications. */
  readonly flops: number;
  /** Bytes of intermediate values that are alive at once, at most. */
  readonly bytes: number;
}

/** The inputs of a derived program that stand for seeds: those behind the values it reads. */
export function seedsOf({ program, residuals }: Derived): readonly Var[] {
  return program.inputs.slice(residuals.length);
}

/** The cost of one seed through the rows that depend on seeds. */
export function costOf(derived: Derived): Cost {
  const { types, inputs, outputs } = derived.program;
  const { rows, values } = dependentOn(seedsOf(derived), derived.program.rows);
  const last = new Map<Var, Row>();
  for (const row of rows) for (const v of row.inputs) last.set(v, row);
  // Inputs are the caller's, and results stay to the end.
  for (const v of [...inputs, ...outputs]) last.delete(v);
  const bytesOf = (v: Var): number => types[v]!.size * bytesPerElement(types[v]!.dtype);
  let flops = 0;
  let live = 0;
  let bytes = 0;
  for (const row of rows) {
    flops += workOf(row.application);
    for (const v of row.outputs) live += bytesOf(v);
    bytes = Math.max(bytes, live);
    for (const v of new Set(row.inputs)) if (values.has(v) && last.get(v) === row) live -= bytesOf(v);
  }
  return { flops, bytes };
}

/** The multiplications of one seed. Apart from the cost, since only plans that are shown count them. */
export function multiplicationsOf(derived: Derived): number {
  let count = 0;
  for (const { application } of dependentOn(seedsOf(derived), derived.program.rows).rows) {
    const { derivative } = application.primitive;
    if (derivative.kind === 'bilinear') count += workOf(application) / (derivative.map === 'scale' ? 1 : 2);
  }
  return count;
}

function workOf({ primitive, inputs, outputs, params }: Application): number {
  const size = outputs.reduce((n, t) => n + t.size, 0);
  const { view, derivative } = primitive;
  if (view !== undefined) return 0;
  if (derivative.kind !== 'bilinear') return Math.max(size, ...inputs.map((t) => t.size));
  if (derivative.map === 'scale') return size;
  derivative.map satisfies 'contract';
  const { left, out } = params as unknown as LinearParams;
  return left.reduce((n, label, i) => (out.includes(label) ? n : n * inputs[0]!.shape[i]!), 2 * size);
}
