/**
 * Whether anybody is watching. The one idea: while no tape and no trace is live a row need only be run, so what a watched row
 * goes through (`recorder.ts`) is handed in when the first one starts, and programs without them do not hold it.
 * Must not import anything but types.
 */
import type { Application } from './primitive.ts';
import type { Tensor } from './tensor.ts';
import type { Trace } from './trace.ts';

/** What happens while a tape or a trace is live. */
export interface Watch {
  /** Runs or stages an application, and tells the tapes that follow an input. */
  bind(application: Application, inputs: readonly Tensor[]): readonly Tensor[];
  /** The innermost trace. */
  trace(): Trace | null;
  /** Tells the tapes that see it that a value is read out as numbers. */
  noteRead(tensor: Tensor, method: string): void;
  /** Tells the tapes that see it that a variable's value is read. */
  noteVariable(variable: object, value: Tensor): void;
}

/** Null while nobody watches. */
export let watch: Watch | null = null;

export function setWatch(next: Watch | null): void {
  watch = next;
}

/** The innermost trace, or null. */
export function currentTrace(): Trace | null {
  return watch === null ? null : watch.trace();
}
