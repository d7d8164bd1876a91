/* What a competitor in JavaScript brings: a module that exports `open`. */
import type { Input } from '../inputs/inputs.ts';
import type { DType } from '../inputs/workloads.ts';
import type { MakeIdiom } from './harness.ts';

/** What a module of programs exports: its idioms for a workload, by name; none where it has nothing for it. */
export interface Programs {
  open(options: Readonly<Record<string, string>>): Promise<Opened>;
}

export interface Opened {
  readonly version: string;
  readonly dtype: DType;
  idioms(program: string, input: Input): Readonly<Record<string, MakeIdiom>>;
}
