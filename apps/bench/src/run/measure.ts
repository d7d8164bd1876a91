/*
 * The timed rounds. The one idea: in every round every competitor runs every workload once, in a process of its own and in
 * another order each time, so that what happens to the machine happens to all.
 */

import { type Report, readReports } from '../measure/protocol.ts';
import { median } from '../measure/statistics.ts';
import type { Cell } from '../report/results.ts';
import { type Checked, type Effort, jobFor, PROCESS_LIMIT, type Prepared } from './check.ts';
import { type Competitor, dtypeFor } from './competitors.ts';
import { failure, finish } from './process.ts';

/** A competitor on a workload, with what rounds have measured so far. */
export interface Entry {
  readonly competitor: Competitor;
  readonly prepared: Prepared;
  readonly checked: Checked;
  readonly reports: Report[];
  failed: string | undefined;
}

/** Times an entry once more, in a fresh process. */
export async function time(entry: Entry, effort: Effort): Promise<void> {
  const { competitor, prepared, checked } = entry;
  const job = jobFor(competitor, prepared, { mode: 'time', idiom: checked.best!, ...effort });
  const finished = await finish(competitor.command(job), { limit: PROCESS_LIMIT });
  const [report] = readReports(finished.output);
  if (report?.times) entry.reports.push(report);
  else entry.failed = report?.error ?? failure(finished, PROCESS_LIMIT);
}

/** The entries in the order of a round: workloads as they are, competitors turned by one each time. */
export function inOrderOf(round: number, entries: readonly Entry[]): Entry[] {
  return [...byWorkload(entries).values()].flatMap((group) => {
    const turn = round % group.length;
    return [...group.slice(turn), ...group.slice(0, turn)];
  });
}

function byWorkload(entries: readonly Entry[]): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { id } = entry.prepared.workload;
    groups.set(id, [...(groups.get(id) ?? []), entry]);
  }
  return groups;
}

/** What the rounds found, as one cell. */
export function cellFrom({ competitor, prepared, checked, reports, failed }: Entry): Cell {
  const { workload } = prepared;
  const medians = reports.map(({ times }) => median(times!));
  const reason = checked.failed ?? (reports.length === 0 ? failed : undefined);
  return {
    workload: workload.id,
    competitor: competitor.id,
    dtype: dtypeFor(competitor, workload.dtype),
    idioms: checked.idioms,
    processes: reports.length,
    ...(reason !== undefined && { failed: reason }),
    ...(reports.length > 0 && {
      idiom: checked.best!,
      median: median(medians),
      least: Math.min(...medians),
      greatest: Math.max(...medians),
      first: median(reports.map(({ first }) => first!)),
    }),
  };
}
