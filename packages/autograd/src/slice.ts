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
  const isReached = (v: Var): boolean => reached[v] === 1;
  for (const v of sources) if (recording.isActive(v)) reached[v] = 1;
  for (const { application, inputs, outputs } of rows) {
    if (!inputs.some(isReached)) continue;
    const connects = connections(application)?.(application, inputs.map(isReached));
    outputs.forEach((v, i) => {
      if (recording.isActive(v) && connects?.[i] !== false) reached[v] = 1;
    });
  }
  const needed = new Uint8Array(count);
  const isNeeded = (v: Var): boolean => needed[v] === 1;
  for (const v of targets) if (isReached(v)) needed[v] = 1;
  const kept: Row[] = [];
  for (let r = rows.length - 1; r >= 0; r--) {
    const { application, inputs, outputs } = rows[r]!;
    if (!outputs.some(isNeeded) || !inputs.some(isReached)) continue;
    kept.push(rows[r]!);
    inputs.forEach((v, i) => {
      if (!isReached(v) || isNeeded(v)) return;
      // A row that holds a program may drop an operand.
      const connects = connections(application)?.(
        application,
        inputs.map((_, k) => k === i),
      );
      if (outputs.some((o, k) => isNeeded(o) && connects?.[k] !== false)) needed[v] = 1;
    });
  }
  const slice = renumber(recording, kept.reverse(), sources, targets);
  return { slice, connected: sources.map(isNeeded) };
}

function renumber(recording: Recording, rows: readonly Row[], sources: readonly Var[], targets: readonly Var[]): Slice {
  const local = new Map<Var, Var>();
  const origin: Var[] = [];
  const name = (v: Var): Var => {
    let l = local.get(v);
    if (l === undefined) {
      l = origin.push(v) - 1;
      local.set(v, l);
    }
    return l;
  };
  const structure: number[] = [sources.length, targets.length];
  const read = (v: Var): Var => {
    const l = name(v);
    structure.push(l);
    return l;
  };
  const localSources = sources.map(name);
  const localRows = rows.map(({ application, inputs, outputs }) => {
    structure.push(application.id);
    return { application, inputs: inputs.map(read), outputs: outputs.map(name) };
  });
  const localTargets = targets.map(read);
  for (const v of [...sources, ...targets]) structure.push(recording.types[v]!.id);
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
