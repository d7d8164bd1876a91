/*
 * The first Jacobian of a process, import included: from the start of the process to the line it prints. No harness is in
 * these programs, only what a user would write.
 */
import { median } from '../measure/statistics.ts';
import type { Cell } from '../report/results.ts';
import type { Competitor } from './competitors.ts';
import { failure, finish } from './process.ts';

export const FIRST = { id: 'first', title: 'first Jacobian of a process, import included', dtype: 'float32' } as const;
const LIMIT = 60_000;

/** Microseconds, or why there are none. */
export async function firstOnce(competitor: Competitor): Promise<number | string> {
  const finished = await finish(competitor.first!, { limit: LIMIT });
  if (finished.code !== 0) return failure(finished, LIMIT);
  const line = finished.output.split('\n').find((each) => each.startsWith('['));
  const [a, b] = line ? (JSON.parse(line) as number[]) : [];
  const right = Math.abs(a! - 2) < 1e-6 && Math.abs(b! - Math.cos(1)) < 1e-6;
  return right ? finished.answered * 1000 : `wrong result: ${line ?? 'nothing printed'}`;
}

export function firstCell(competitor: Competitor, found: readonly (number | string)[]): Cell {
  const times = found.filter((each) => typeof each === 'number');
  const failed = found.find((each) => typeof each === 'string');
  return {
    workload: FIRST.id,
    competitor: competitor.id,
    dtype: 'float32',
    idioms: [],
    processes: times.length,
    ...(times.length > 0
      ? { median: median(times), least: Math.min(...times), greatest: Math.max(...times) }
      : { failed: failed ?? 'not run' }),
  };
}
