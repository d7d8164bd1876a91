/**
 * The part of a recording that leads from sources to targets, renumbered, so that two recordings of the same structure give
 * the same list of numbers. Must not import transforms.
 */
import type { Tensor } from '@jacobi/tensor';
import type { Row, TensorType, Var } from '@jacobi/tensor/internal';
import { JacobiError } from '@jacobi/tensor/internal';
import { connections } from './pushforward.ts';
import type { Recording } from './recording.ts';

/** A straight line of rows between sources and targets. Variables are local: sources first. */
export interface Slice {
  readonly types: readonly TensorType[];
  readonly rows: readonly Row[];
  readonly sources: readonly Var[];
  readonly targets: readonly Var[];
  /** All of the above as numbers: equal for equal structures. */
  readonly structure: readonly number[];
  /** The recorded value of a local variable; throws if nothing said that it would be read. */
  value(v: Var): Tensor;
}

/** For each target, whether it depends on each source by a derivative. */
export interface Connection {
  readonly slice: Slice;
  /** By source: whether some target depends on it. */
  readonly connected: readonly boolean[];
}

/** Cuts out of a recording the rows that lead from `sources` to `targets` (both in the recording's numbers). */
export function sliceRecording(recording: Recording, sources: readonly Var[], targets: readonly Var[]): Connection {
  const { rows } = recording;
  const marks = new Uint8Array(recording.values.length);
  // What no derivative leads to is not active, so it is never marked.
  for (const v of sources) if (recording.isActive(v)) marks[v] = REACHED;
  for (const row of rows) {
    if (!row.inputs.some((v) => marks[v])) continue;
    const connects = connections(
      row.application,
      row.inputs.map((v) => marks[v] === REACHED),
    );
    row.outputs.forEach((v, i) => {
      if (recording.isActive(v) && connects?.[i] !== false) marks[v] = REACHED;
    });
  }
  for (const v of targets) if (marks[v]) marks[v] = NEEDED;
  const kept: Row[] = [];
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i]!;
    if (!row.outputs.some((v) => marks[v] === NEEDED) || !row.inputs.some((v) => marks[v])) continue;
    kept.push(row);
    row.inputs.forEach((v, i) => {
      if (marks[v] === REACHED && leads(row, i, marks)) marks[v] = NEEDED;
    });
  }
  const slice = renumber(recording, kept.reverse(), sources, targets);
  return { slice, connected: sources.map((v) => marks[v] === NEEDED) };
}

/** What the sources lead to, and what of it leads to a target. */
const REACHED = 1;
const NEEDED = 2;

/** Whether operand `i` of a row leads to one of its needed outputs; a row that holds a program may drop it. */
function leads({ application, inputs, outputs }: Row, i: number, marks: Uint8Array): boolean {
  const connects = connections(
    application,
    inputs.map((_, k) => k === i),
  );
  return connects === undefined || outputs.some((v, o) => marks[v] === NEEDED && connects[o]);
}

function renumber(recording: Recording, rows: readonly Row[], sources: readonly Var[], targets: readonly Var[]): Slice {
  const { values } = recording;
  const structure: number[] = [sources.length];
  const local = new Map<Var, Var>();
  const name = (v: Var): Var => {
    let own = local.get(v);
    if (own === undefined) {
      own = local.size;
      local.set(v, own);
    }
    return own;
  };
  const end = (v: Var): Var => {
    structure.push(name(v), values[v]!.type.id);
    return name(v);
  };
  const slice = {
    sources: sources.map(end),
    rows: rows.map(({ application, inputs, outputs }) => {
      const row = { application, inputs: inputs.map(name), outputs: outputs.map(name) };
      structure.push(application.id);
      for (const v of row.inputs) structure.push(v);
      return row;
    }),
    targets: targets.map(end),
    structure,
  };
  const origin = [...local.keys()].map((v) => values[v]!);
  return {
    ...slice,
    types: origin.map(({ type }) => type),
    value: (v) => {
      const { kept } = origin[v]!;
      if (kept === undefined) throw new JacobiError('internal: no row keeps this value');
      return kept;
    },
  };
}
