/*
 * Before anything is timed: every idiom of every competitor computes every workload, and is compared with the reference.
 * The one idea: what is timed is the fastest idiom that is right; what fails is kept, with its reason.
 */
import { rmSync } from 'node:fs';
import { makeInput, readFloats, writeInput } from '../inputs/inputs.ts';
import { programName, type Workload } from '../inputs/workloads.ts';
import type { Job, Report } from '../measure/protocol.ts';
import { readReports } from '../measure/protocol.ts';
import { median } from '../measure/statistics.ts';
import { TOLERANCE, worstError } from '../reference/compare.ts';
import { reference } from '../reference/references.ts';
import type { CheckedIdiom } from '../report/results.ts';
import { type Competitor, dtypeFor } from './competitors.ts';
import { failure, finish } from './process.ts';

/** How long programs measure. */
export type Effort = Pick<Job, 'warm' | 'batch' | 'limit' | 'batches'>;

/** Enough to compile what is compiled late, and to tell idioms apart. */
const ROUGH: Effort = { warm: 150, batch: 20, limit: 500, batches: 3 };

/** A process that takes longer than this has failed. */
export const PROCESS_LIMIT = 180_000;

/** A workload whose input was written. */
export interface Prepared {
  readonly workload: Workload;
  readonly input: string;
  readonly expected: Float64Array;
}

export function prepare(workload: Workload, directory: string): Prepared {
  const input = `${directory}/${workload.id}`;
  const made = makeInput(workload.family, workload.n);
  writeInput(input, made);
  return { workload, input, expected: reference(workload.family, made) };
}

export const jobFor = (competitor: Competitor, { workload, input }: Prepared, rest: Partial<Job>): Job => ({
  mode: 'check',
  program: programName(workload),
  dtype: dtypeFor(competitor, workload.dtype),
  input,
  result: `${input}.result`,
  idiom: '',
  ...ROUGH,
  ...rest,
});

export interface Checked {
  readonly idioms: readonly CheckedIdiom[];
  readonly version: string;
  /** The fastest that is right. */
  readonly best: string | undefined;
  /** Why there is none; undefined where the competitor has no program for the workload, too. */
  readonly failed: string | undefined;
}

/** Runs all idioms of a competitor for a workload, and compares. */
export async function check(competitor: Competitor, prepared: Prepared): Promise<Checked> {
  const job = jobFor(competitor, prepared, { mode: 'check' });
  const finished = await finish(competitor.command(job), { limit: PROCESS_LIMIT });
  const reports = readReports(finished.output);
  const idioms = reports.map((report) => judge(competitor, prepared, job, report));
  const right = idioms.filter(({ failed }) => failed === undefined).sort((a, b) => a.rough! - b.rough!);
  const crash = finished.code === 0 ? undefined : failure(finished, PROCESS_LIMIT);
  return {
    idioms: crash === undefined ? idioms : [...idioms, { idiom: 'the process', failed: crash }],
    version: reports[0]?.version ?? '',
    best: right[0]?.idiom,
    failed: right.length > 0 ? undefined : (idioms.find(({ failed }) => failed)?.failed ?? crash),
  };
}

function judge({ kind }: Competitor, { expected }: Prepared, job: Job, report: Report): CheckedIdiom {
  const { idiom } = report;
  if (report.error !== undefined) return { idiom, failed: report.error };
  const path = `${job.result}.${idiom}`;
  const rough = median(report.times ?? []);
  // The engine's limit computes a block of its own, which it checks by itself.
  const error = kind === 'limit' ? 0 : worstError(readFloats(path), expected);
  rmSync(path);
  if (error <= TOLERANCE[job.dtype]) return { idiom, rough, error };
  const size = Number.isFinite(error) ? error.toExponential(1) : 'not finite, or of another length';
  return { idiom, rough, failed: `wrong result: error ${size}, tolerance ${TOLERANCE[job.dtype]}` };
}
