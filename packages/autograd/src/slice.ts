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
  const count = recording.types.length;
  // What no derivative leads to is not active, so neither of these holds it.
  const reached = new Uint8Array(count);
  for (const v of sources) if (recording.isActive(v)) reached[v] = 1;
  for (const row of rows) {
    if (!row.inputs.some((v) => reached[v] === 1)) continue;
    const connects = connections(
      row.application,
      row.inputs.map((v) => reached[v] === 1),
    );
    row.outputs.forEach((v, i) => {
      if (recording.isActive(v) && connects?.[i] !== false) reached[v] = 1;
    });
  }
  const needed = new Uint8Array(count);
  for (const v of targets) if (reached[v] === 1) needed[v] = 1;
  const kept: Row[] = [];
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i]!;
    if (!row.outputs.some((v) => needed[v] === 1) || !row.inputs.some((v) => reached[v] === 1)) continue;
    kept.push(row);
    row.inputs.forEach((v, i) => {
      if (reached[v] === 1 && (needed[v] === 1 || leads(row, i, needed))) needed[v] = 1;
    });
  }
  kept.reverse();
  const slice = renumber(recording, kept, sources, targets);
  return { slice, connected: sources.map((v) => needed[v] === 1) };
}

/** Whether operand `i` of a row leads to one of its needed outputs; a row that holds a program may drop it. */
function leads({ application, inputs, outputs }: Row, i: number, needed: Uint8Array): boolean {
  const connects = connections(
    application,
    inputs.map((_, k) => k === i),
  );
  return connects === undefined || outputs.some((v, o) => needed[v] === 1 && connects[o]);
}

function renumber(recording: Recording, rows: readonly Row[], sources: readonly Var[], targets: readonly Var[]): Slice {
  const local = new Map<Var, Var>();
  const origin: Var[] = [];
  const name = (v: Var): Var => {
    let l = local.get(v);
    if (l === undefined) {
      l = origin.length;
      local.set(v, l);
      origin.push(v);
    }
    return l;
  };
  const localSources = sources.map(name);
  const structure: number[] = [sources.length, ...localSources];
  for (const v of sources) structure.push(recording.types[v]!.id);
  const localRows = rows.map((row) => {
    const inputs = row.inputs.map(name);
    const outputs = row.outputs.map(name);
    structure.push(row.application.id);
    for (const v of inputs) structure.push(v);
    return { application: row.application, inputs, outputs };
  });
  const localTargets = targets.map(name);
  for (let i = 0; i < targets.length; i++) structure.push(localTargets[i]!, recording.types[targets[i]!]!.id);
  return {
    types: origin.map((v) => recording.types[v]!),
    rows: localRows,
    sources: localSources,
    targets: localTargets,
    structure,
    value: (v) => {
      const value = recording.value(origin[v]!);
      if (value === undefined) throw new JacobiError('internal: no row keeps this value');
      return value;
    },
  };
}
