/**
 * Why a target does not depend on a source: the message behind `unconnected: 'error'`.
 * Must not import tapes.
 */
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError } from '@jacobi/tensor';
import type { Var } from '@jacobi/tensor/internal';
import { describe, formatType, leadingTo } from '@jacobi/tensor/internal';
import { carriesTangent, connections } from './pushforward.ts';
import type { Recording } from './recording.ts';

/** What to give where a target does not depend on a source. */
export type Unconnected = 'error' | 'none' | 'zero';

/** Checks the option. */
export function checkUnconnected(operation: string, value: unknown = 'error'): Unconnected {
  if (value === 'error' || value === 'none' || value === 'zero') return value;
  throw new ArgumentError(
    `${operation}: Unknown value for unconnected_gradients: ${typeof value === 'string' ? `'${value}'` : describe(value)}; unconnected must be 'error', 'none' or 'zero'`,
  );
}

/** Says in a sentence why no derivative leads from `source` to `target`. */
export function explainUnconnected(
  recording: Recording,
  target: Tensor,
  { tensor: source, name }: { readonly tensor: Tensor | undefined; readonly name: string },
): string {
  if (source === undefined)
    return `${name} was not watched (not trainable, or not read inside of record): read its .value there, or watch it`;
  if (!recording.follows(source)) {
    return `${name} was not watched: call tape.watch(${name}) before computing with it`;
  }
  const s = recording.find(source)!;
  if (!recording.isActive(s) && !carriesTangent(source.type)) {
    return `${name} has dtype ${source.dtype}, and integers carry no derivative: watch cast(${name}, 'float32')`;
  }
  if (!recording.follows(target)) {
    const read = [...recording.readOut].find(([v]) => leadingTo([v], recording.rows).values.has(s));
    if (read === undefined) return `the target was computed outside of record, or before ${name} was watched`;
    const [v, method] = read;
    return `the target was computed outside of record: ${formatType(recording.types[v]!)} that depends on ${name} was read out by ${method}: numbers carry no history`;
  }
  const cut = cutBetween(recording, s, recording.find(target)!);
  return cut === null ? `the target does not depend on ${name}` : `the path from ${name} to the target ends at ${cut}`;
}

/** The first operation on the way that lets no derivative through. */
function cutBetween(recording: Recording, from: Var, to: Var): string | null {
  const before = leadingTo([to], recording.rows).values;
  const smooth = new Set([from]);
  for (const { application, inputs, outputs } of recording.rows) {
    const active = inputs.map((v) => smooth.has(v));
    if (!active.includes(true) || !outputs.some((v) => before.has(v))) continue;
    const { name, derivative } = application.primitive;
    if (derivative.kind === 'none') return derivative.reason === name ? name : `${name} (${derivative.reason})`;
    if (connections(application)?.(application, active).includes(true) === false)
      return `${name} (no derivative inside leads to its result)`;
    if (!recording.isActive(outputs[0]!))
      return `${name}, whose result ${formatType(application.outputs[0]!)} carries no derivative`;
    outputs.forEach((v) => smooth.add(v));
  }
  return null;
}
