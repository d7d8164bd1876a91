/*
 * Times a call in a process of its own. The one idea: the first call by itself, then a warm-up, which engines' compilers
 * need, then batches of calls long enough for the clock. native/harness.py and native/native.cpp do the same.
 */
import type { Job } from './protocol.ts';

/** An evaluation: the result as arrays on the host. */
export type Call = () => readonly ArrayLike<number>[];

/** One way to compute a workload. */
export interface Idiom {
  readonly call: Call;
  /** The result in the order of the reference, where `call` gives it in another; not timed. */
  readonly inOrder?: (result: readonly ArrayLike<number>[]) => readonly ArrayLike<number>[];
}

/** Sets an idiom up: inputs made, functions prepared, nothing evaluated yet. */
export type MakeIdiom = () => Idiom | Promise<Idiom>;

export interface Measured {
  /** Milliseconds of the first call. */
  readonly first: number;
  /** Microseconds a call: one number a batch. */
  readonly times: readonly number[];
}

/** Keeps results alive, so that no engine drops the work. */
export const sink = { sum: 0 };

const consume = (result: readonly ArrayLike<number>[]): void => {
  sink.sum += result[0]![0]!;
};

/** Runs a call and says how long it took, in milliseconds. */
function once(call: Call): { result: readonly ArrayLike<number>[]; elapsed: number } {
  const start = performance.now();
  const result = call();
  return { result, elapsed: performance.now() - start };
}

/** Calls for `warm` milliseconds, at least twice; gives milliseconds a call at the end. */
function warmUp(call: Call, warm: number): number {
  const end = performance.now() + warm;
  let estimate = 0;
  for (let calls = 0; calls < 2 || performance.now() < end; calls++) {
    const { result, elapsed } = once(call);
    consume(result);
    estimate = calls < 2 ? elapsed : estimate * 0.7 + elapsed * 0.3;
  }
  return estimate;
}

/** First call, warm-up, batches. */
export function measure(
  call: Call,
  { warm, batch, limit, batches }: Pick<Job, 'warm' | 'batch' | 'limit' | 'batches'>,
): Measured {
  const { result, elapsed: first } = once(call);
  consume(result);
  const estimate = warmUp(call, warm);
  const inner = Math.max(1, Math.min(1e7, Math.round(batch / estimate)));
  const affordable = Math.floor(limit / (inner * estimate));
  const times: number[] = [];
  for (let b = 0; b < Math.max(1, Math.min(batches, affordable)); b++) {
    const start = performance.now();
    for (let i = 0; i < inner; i++) consume(call());
    times.push(((performance.now() - start) * 1000) / inner);
  }
  return { first, times };
}
