/**
 * Who is watching: the stack of live tapes and traces, and how rows are bound under it.
 * The one idea: a trace is a barrier. Tapes above the innermost trace see each row at once; what is below sees nothing until
 * the traced program is evaluated. Must not import interpreters or operations.
 */
import { execute } from './bind.ts';
import type { Application } from './primitive.ts';
import type { Tensor } from './tensor.ts';
import type { Trace } from './trace.ts';
import type { Watch } from './watch.ts';
import { setWatch } from './watch.ts';

/** Something that follows eager rows while it is live: a gradient tape. */
export interface Recorder {
  /** It may follow what is derived from it: a persistent tape asked inside of its recording. */
  readonly persistent?: boolean;
  /** Which inputs carry a tangent on this recorder; null if the row does not concern it. */
  active(inputs: readonly Tensor[]): readonly boolean[] | null;
  /** Takes note of a row that has been run; `active` is what it said of the inputs. */
  record(
    application: Application,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    active: readonly boolean[],
  ): void;
  /** A value is being read out as numbers. */
  noteRead?(tensor: Tensor, method: string): void;
  /** A variable's value is being read: a tensor of its own for each read outside of traces. */
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
let trace: Trace | null = null;
let visible: readonly Recorder[] = [];

/** Takes the frames as they are now: each row asks for what follows from them. */
function see(): void {
  trace = frames.findLast(isTrace) ?? null;
  visible = frames.slice(frames.findLastIndex(isBarrier) + 1) as Recorder[];
  setWatch(frames.length === 0 ? null : WATCH);
}

/** The live recorders that see a row now, outermost first. */
export function visibleRecorders(): readonly Recorder[] {
  return visible;
}

/** True if some visible recorder follows one of the tensors. */
export function isFollowed(tensors: readonly Tensor[]): boolean {
  return visible.some((r) => r.active(tensors) !== null);
}

/** True if some live recorder follows one of them, also one that a trace or a mute hides. */
export function isFollowedBelow(tensors: readonly Tensor[]): boolean {
  return frames.some((frame) => 'active' in frame && frame.active(tensors) !== null);
}

/** True if what is derived from the tensors may be differentiated: two recorders follow, or one that records its own derivatives. */
export function differentiatedAgain(tensors: readonly Tensor[]): boolean {
  const [first, second] = visible.filter((r) => r.active(tensors) !== null);
  return second !== undefined || first?.persistent === true;
}

/** Runs or stages an application, and tells the recorders that follow an input. */
function bindWatched(application: Application, inputs: readonly Tensor[]): readonly Tensor[] {
  const recorders = visible;
  const active = recorders.map((r) => r.active(inputs));
  const form = application.primitive.recorded?.(application, active, inputs) ?? application;
  const outputs = trace === null ? execute(form, inputs) : trace.stage(form, inputs);
  recorders.forEach((recorder, i) => {
    const mask = active[i]!;
    if (mask !== null) recorder.record(form, inputs, outputs, mask);
  });
  return form === application ? outputs : outputs.slice(0, application.outputs.length);
}

const WATCH: Watch = {
  bind: bindWatched,
  trace: () => trace,
  noteRead: (tensor, method) => visible.forEach((r) => r.noteRead?.(tensor, method)),
  noteVariable: (variable, value) => visible.forEach((r) => r.noteVariable?.(variable, value)),
};

/** Runs `fn` with `frame` on top of the stack; the stack is as before whatever `fn` does. */
export function withFrame<T>(frame: Frame, fn: () => T): T {
  const depth = frames.length;
  frames.push(frame);
  see();
  try {
    return fn();
  } finally {
    frames.length = depth;
    see();
  }
}

/** Runs `fn` so that no tape sees its rows; a trace still does. */
export function muted<T>(fn: () => T): T {
  return withFrame({ muted: true }, fn);
}

/** Runs `fn` with nobody watching: no tape, no trace. For library code that computes on concrete values only. */
export function withoutFrames<T>(fn: () => T): T {
  const before = frames.splice(0);
  see();
  try {
    return fn();
  } finally {
    frames.push(...before);
    see();
  }
}

/** True while `recorder` is on the stack. */
export function isLive(recorder: Recorder): boolean {
  return frames.includes(recorder);
}
