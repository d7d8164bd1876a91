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
  const { inputs, outputs } = row.application;
  return (
    `${what} needs independent examples, but '${nameOf(row)}', ${inputs.map(formatType).join(', ')} → ${outputs.map(formatType).join(', ')}, ${how}. ` +
    "Without it, example b gets TensorFlow's sum over all b' of ∂y[b']/∂x[b]."
  );
}

/** The plan in words. */
export function explainPlan(plan: ChosenPlan, rows: number, chunk: number): string {
  const { target, sources, mode, batch, mixing, seeds, cost } = plan;
  const types = sources.map((s) => formatType(s.type)).join(', ');
  const lines = [
    `${batch ? 'batch ' : ''}Jacobian of ${formatType(target)} with respect to ${types}, through ${rows} rows`,
    `  mode:  ${mode} (${plan.reason})`,
    `  seeds: ${seeds}, ${chunk < seeds ? `${chunk} at a time` : 'as one block'}`,
    `  cost:  about ${cost.flops * seeds} flops, ${cost.bytes * seeds} bytes between`,
  ];
  sources.forEach((s, i) => {
    const pairs = s.pairs.filter((p) => s.mixing === null || p.source > 0);
    const axes = pairs.map((p) => `${p.source}→${p.target}`).join(', ');
    const total = target.size * sizeOf(s.type.shape.slice(batch ? 1 : 0));
    lines.push(
      `  source ${i}: ${entries(target, s)} of ${total} entries can differ from zero${axes && `, axes ${axes} (source→target) are carried`}`,
    );
  });
  if (batch)
    lines.push(
      `  examples: ${mixing ? `mixed by ${nameOf(mixing.row)}; each entry sums over the batch` : 'independent'}`,
    );
  return lines.join('\n');
}
