/*
 * How cost grows: time against n for dense, batch and sparse forms, and the exponent that fits.
 */
import { markdownTable } from 'markdown-table';
import type { Family } from '../inputs/inputs.ts';
import type { Workload } from '../inputs/workloads.ts';
import { duration, median, slope } from '../measure/statistics.ts';
import { check, type Effort, prepare } from './check.ts';
import type { Competitor } from './competitors.ts';
import { cellFrom, type Entry, time } from './measure.ts';
import type { Progress } from './progress.ts';

interface Series {
  readonly what: string;
  readonly family: Family;
  readonly sizes: readonly number[];
  /** The exponent of the work: n² entries of a dense result, n of a batch. */
  readonly work: number;
}

/** The smallest sizes are large enough that a call's fixed cost is small beside the work. */
const SERIES: readonly Series[] = [
  { what: 'dense (Burgers, n × n)', family: 'burgers', sizes: [256, 512, 1024, 2048], work: 2 },
  { what: 'batch (Panda arm, n × 12 × 7)', family: 'arm', sizes: [512, 2048, 8192, 32_768], work: 1 },
  { what: 'batch (bundle adjustment, n × 2 × 15)', family: 'ba', sizes: [2000, 8000, 32_000, 128_000], work: 1 },
  { what: 'three seeds (Burgers, n)', family: 'burgers_sparse', sizes: [9999, 39_999, 159_999, 639_999], work: 1 },
];

const EFFORT: Effort = { warm: 300, batch: 40, limit: 1500, batches: 7 };

async function timeAt(competitor: Competitor, workload: Workload, directory: string, rounds: number): Promise<number> {
  const prepared = prepare(workload, directory);
  const checked = await check(competitor, prepared);
  if (checked.best === undefined) throw new Error(`${workload.id} · ${competitor.title}: ${checked.failed}`);
  const entry: Entry = { competitor, prepared, checked, reports: [], failed: undefined };
  for (let round = 0; round < rounds; round++) await time(entry, EFFORT);
  return cellFrom(entry).median ?? Number.NaN;
}

/** A table of times and fitted exponents. */
export async function slopes(
  competitors: readonly Competitor[],
  directory: string,
  rounds: number,
  progress: Progress,
): Promise<string> {
  const rows: string[][] = [];
  progress.start('Slopes', competitors.length * SERIES.reduce((n, { sizes }) => n + sizes.length, 0));
  for (const { what, family, sizes, work } of SERIES) {
    for (const competitor of competitors) {
      const points: { n: number; time: number }[] = [];
      for (const n of sizes) {
        const id = `${family}-${n}`;
        progress.step(`${id} · ${competitor.title}`);
        const workload: Workload = { id, family, n, dtype: 'float32', title: what };
        points.push({ n, time: await timeAt(competitor, workload, directory, rounds) });
      }
      const times = points.map(({ n, time }) => `${n}: ${duration(time)}`).join(', ');
      const each = median(points.map(({ n, time }) => time / n ** work));
      rows.push([what, competitor.title, times, slope(points).toFixed(2), String(work), duration(each)]);
    }
  }
  progress.done();
  const head = ['form', 'competitor', 'times', 'slope', 'of the work', 'for each'];
  return markdownTable([head, ...rows], { align: ['l', 'l', 'l', 'r', 'r', 'r'] });
}
