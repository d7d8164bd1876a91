/* What a run found, as it is kept in results/. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { DType } from '../inputs/workloads.ts';
import type { Kind, Skipped } from '../run/competitors.ts';

/** One way of a competitor to compute a workload, as the check found it. */
export interface CheckedIdiom {
  readonly idiom: string;
  /** Microseconds a call, roughly; absent where it failed. */
  readonly rough?: number;
  /** The worst error against the reference. */
  readonly error?: number;
  readonly failed?: string;
}

/** A competitor on a workload: its fastest right idiom, timed in several processes. */
export interface Cell {
  readonly workload: string;
  readonly competitor: string;
  readonly dtype: DType;
  readonly idioms: readonly CheckedIdiom[];
  readonly idiom?: string;
  /** Microseconds a call: the median of the processes' medians, the least and the greatest of them. */
  readonly median?: number;
  readonly least?: number;
  readonly greatest?: number;
  /** Milliseconds of the first call, the median of processes. */
  readonly first?: number;
  readonly processes: number;
  /** Why there is no number. */
  readonly failed?: string;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memory: string;
  readonly system: string;
}

export interface Results {
  readonly format: 1;
  /** `2026-11-23`, in UTC. */
  readonly date: string;
  readonly machine: Machine;
  /** Versions of Node, the runner's first. */
  readonly engines: readonly string[];
  readonly form: 'short' | 'full';
  readonly rounds: number;
  readonly workloads: readonly { readonly id: string; readonly title: string; readonly dtype: DType }[];
  readonly competitors: readonly {
    readonly id: string;
    readonly title: string;
    readonly kind: Kind;
    readonly engine: string | undefined;
    readonly version: string;
  }[];
  readonly skipped: readonly Skipped[];
  readonly cells: readonly Cell[];
}

export const readResults = (path: string): Results => JSON.parse(readFileSync(path, 'utf8')) as Results;
export const writeResults = (path: string, results: Results): void =>
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);

/** The cell of a workload and a competitor. */
export const cellOf = ({ cells }: Results, workload: string, competitor: string): Cell | undefined =>
  cells.find((cell) => cell.workload === workload && cell.competitor === competitor);
