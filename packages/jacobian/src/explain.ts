/**
 * Plans in words, and which row mixes the examples of a batch. Must not choose anything.
 */
import { sizeOf } from '@jacobi/backend';
import type { Row } from '@jacobi/tensor/internal';
import { formatType } from '@jacobi/tensor/internal';
import type { Mixing } from './pairs.ts';
import { entries } from './pairs.ts';
import type { ChosenPlan } from './plan.ts';

/** The operation that the user called. */
const nameOf = ({ from, application }: Row): string => from ?? application.primitive.name;

/** Says which row mixes the examples of a batch. */
export function mixedMessage(what: string, { row, how }: Mixing): string {
  const { primitive, inputs, outputs } = row.application;
  const name = nameOf(row);
  const within = name === primitive.name ? '' : ` (in its derivative: ${primitive.name})`;
  const where = `'${name}'${within}, ${inputs.map(formatType).join(', ')} → ${outputs.map(formatType).join(', ')},`;
  const does =
    how === 'mixes'
      ? 'mixes them along the batch axis (BatchNormalization in training mode does, for one)'
      : 'moves the batch axis to another place';
  return (
    `${what} needs independent examples, but ${where} ${does}. ` +
    "Without it, the result is TensorFlow's: for example b, the sum over all b' of ∂y[b']/∂x[b]."
  );
}

/** The plan in words. */
export function explainPlan(plan: ChosenPlan, rows: number, chunk: number): string {
  const { target, sources, mode, batch, mixing, seeds, cost } = plan;
  const lines = [
    `${batch ? 'batch Jacobian' : 'Jacobian'} of ${formatType(target)} with respect to ${sources.map((s) => formatType(s.type)).join(', ')}, through ${rows} row${rows === 1 ? '' : 's'}`,
    `  mode:  ${mode} (${plan.reason})`,
    `  seeds: ${seeds}${chunk < seeds ? `, ${chunk} at a time` : ', as one block'}`,
    `  cost:  about ${cost.flops * seeds} flops, ${cost.bytes * seeds} bytes between`,
  ];
  sources.forEach((s, i) => {
    const pairs = s.pairs.filter((p) => s.mixing === null || p.source > 0);
    const axes = pairs.map((p) => `${p.source}→${p.target}`).join(', ');
    const total = target.size * sizeOf(s.type.shape.slice(batch ? 1 : 0));
    if (!s.reached) lines.push(`  source ${i}: zero everywhere`);
    else if (axes !== '')
      lines.push(
        `  source ${i}: axes ${axes} (source→target) are carried: ${entries(target, s)} of ${total} entries can differ from zero`,
      );
  });
  if (mixing !== null) lines.push(`  examples: mixed by ${nameOf(mixing.row)}; each entry sums over the batch`);
  else if (batch) lines.push('  examples: independent');
  return lines.join('\n');
}
