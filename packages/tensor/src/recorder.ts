/**
 * Who is watching: the stack of live tapes and traces.
 * The one idea: a trace is a barrier. Tapes above the innermost trace see each row at once; what is below sees nothing until
 * the traced program is evaluated. Must not import interpreters or operations.
 */
import { TraceError } from './errors.ts';
import type { Application } from './primitive.ts';
import type { Tensor } from './tensor.ts';
import type { Trace } from './trace.ts';

/** Something that follows eager rows while it is live: a gradient tape. */
export interface Recorder {
  /** It may follow what is derived from it: a persistent tape asked inside of its recording. */
  readonly persistent?: boolean;
  /** Which inputs carry a tangent on this recorder; null if the row does not concern it. */
  active(inputs: readonly Tensor[]): readonly boolean[] | null;
  /** Takes note of a row that has been run. */
  record(application: Application, inputs: readonly Tensor[], outputs: readonly Tensor[]): void;
  /** A value is being read out as numbers. */
  noteRead?(tensor: Tensor, method: string): void;
  /** A variable's value is being read. */
  noteVariable?(variable: object, value: Tensor): void;
}

/** A frame that hides the recorders under it: what runs above it is recorded by a row of its own. */
interface Mute {
  readonly muted: true;
}

type Frame = Recorder | Trace | Mute;

/** Told by its method, so that programs which trace nothing do not hold the class. */
const isTrace = (frame: Frame): frame is Trace => 'stage' in frame;

/** True where what lies below sees no eager rows. */
const isBarrier = (frame: Frame): frame is Trace | Mute => isTrace(frame) || 'muted' in frame;

const frames: Frame[] = [];

/** True where no recorder is live: rows need only be run. */
export function idle(): boolean {
  return frames.length === 0;
}

/** The innermost trace, or null. */
export function currentTrace(): Trace | null {
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (isTrace(frame)) return frame;
  }
  return null;
}

/** The live recorders that see a row now, outermost first. */
export function visibleRecorders(): Recorder[] {
  const out: Recorder[] = [];
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (isBarrier(frame)) break;
    out.unshift(frame);
  }
  return out;
}

/** True if some visible recorder follows one of the tensors. */
export function isFollowed(tensors: readonly Tensor[]): boolean {
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (isBarrier(frame)) return false;
    if (frame.active(tensors) !== null) return true;
  }
  return false;
}

/** True if what is derived from the tensors may be differentiated: two recorders follow, or one that records its own derivatives. */
export function differentiatedAgain(tensors: readonly Tensor[]): boolean {
  const following = visibleRecorders().filter((r) => r.active(tensors) !== null);
  return following.length > 1 || following.some((r) => r.persistent === true);
}

/** Runs `fn` with `frame` on top of the stack; the stack is as before whatever `fn` does. */
export function withFrame<T>(frame: Recorder | Trace | Mute, fn: () => T): T {
  const depth = frames.length;
  frames.push(frame);
  try {
    return fn();
  } finally {
    frames.length = depth;
  }
}

/** Runs `fn` so that no tape sees its rows; a trace still does. */
export function muted<T>(fn: () => T): T {
  return withFrame({ muted: true }, fn);
}

/** Runs `fn` with nobody watching: no tape, no trace. For library code that computes on concrete values only. */
export function withoutFrames<T>(fn: () => T): T {
  const saved = frames.splice(0);
  try {
    return fn();
  } finally {
    frames.splice(0, frames.length, ...saved);
  }
}

/** True while `recorder` is on the stack. */
export function isLive(recorder: Recorder): boolean {
  return frames.includes(recorder);
}

/** Tells the recorders that see it that a value is read out. */
export function noteRead(tensor: Tensor, method: string): void {
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (isBarrier(frame)) return;
    frame.noteRead?.(tensor, method);
  }
}

/** Tells the recorders that see it that a variable's value is read. */
export function noteVariable(variable: object, value: Tensor): void {
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (isBarrier(frame)) return;
    frame.noteVariable?.(variable, value);
  }
}

/** Throws for a value whose trace has ended. */
export function checkOpen(t: Tensor): void {
  if (t.trace?.closed) {
    throw new TraceError(
      `a value traced by ${t.trace.label} was used after ${t.trace.label} had ended. Return it from the traced function ` +
        'in place of storing it outside.',
    );
  }
}
