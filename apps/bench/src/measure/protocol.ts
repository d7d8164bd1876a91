/*
 * What the runner and the measured programs say to each other. The one idea: words `name=value` on the command line and
 * lines of JSON on standard output, which every language has.
 */
import type { DType } from '../inputs/workloads.ts';

/**
 * One process's work. `check` runs every idiom of a workload a few times and writes the last result of each to
 * `<result>.<idiom>` as float64; `time` runs one idiom and times it.
 */
export interface Job {
  readonly mode: 'check' | 'time';
  /** The name of the workload in the programs. */
  readonly program: string;
  readonly dtype: DType;
  /** Path of the input, without `.txt` and `.f64`. */
  readonly input: string;
  /** Where results go (check). */
  readonly result: string;
  /** What to time (time). */
  readonly idiom: string;
  /** Milliseconds of warm-up, of one batch of calls, and of all batches; the number of batches. */
  readonly warm: number;
  readonly batch: number;
  readonly limit: number;
  readonly batches: number;
}

/** A line of JSON from a program: an idiom, and how it went. */
export interface Report {
  readonly idiom: string;
  readonly dtype: DType;
  /** Version of the library, and other things worth knowing. */
  readonly version?: string;
  /** Milliseconds of the first call. */
  readonly first?: number;
  /** Microseconds a call: one number a batch. */
  readonly times?: readonly number[];
  /** What went wrong. */
  readonly error?: string;
}

const NUMBERS = ['warm', 'batch', 'limit', 'batches'];

/** The job as words of a command line. */
export const jobWords = (job: Job): string[] => Object.entries(job).map(([name, value]) => `${name}=${value}`);

/** A job and whatever else was given, from words of a command line. */
export function readJob(words: readonly string[]): { job: Job; options: Readonly<Record<string, string>> } {
  const options: Record<string, string> = {};
  for (const word of words) options[word.slice(0, word.indexOf('='))] = word.slice(word.indexOf('=') + 1);
  const job = Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, NUMBERS.includes(name) ? Number(value) : value]),
  );
  return { job: job as unknown as Job, options };
}

/** Reports in the standard output of a program, among whatever libraries print. */
export function readReports(output: string): Report[] {
  const mark = '{"idiom":';
  return output
    .split('\n')
    .filter((line) => line.startsWith(mark))
    .map((line) => JSON.parse(line) as Report);
}
