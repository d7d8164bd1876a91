/**
 * Wrappers around a backend, for tests. The one idea: what is above a backend must not notice them, so a test can look at
 * the plans that arrive, or take away what not every device can do. Must not import any particular backend.
 */
import type { Backend, Executable } from './backend.ts';
import type { TypedArray } from './dtype.ts';
import type { Plan } from './kernel.ts';

/** A backend that keeps the plans it was given. */
export interface RecordingBackend extends Backend {
  /** Every plan that was compiled, in order. */
  readonly plans: readonly Plan[];
  /** How often a plan was run; of all plans if none is named. */
  runs(plan?: Plan): number;
  /** Forgets plans and counts. */
  reset(): void;
}

/**
 * Passes everything on to `inner`, and keeps the plans that were compiled and how often each was run.
 *
 * ```ts
 * const recording = recordingBackend(createCpuBackend());
 * withBackend(recording, () => sin(tensor(1)));
 * recording.plans.length; // → 1
 * ```
 */
export function recordingBackend(inner: Backend): RecordingBackend {
  const plans: Plan[] = [];
  const counts = new Map<Plan, number>();
  return {
    ...passOn(inner),
    ...(inner.readSync ? { readSync: (buffer): TypedArray => inner.readSync!(buffer) } : {}),
    compile(plan): Executable {
      plans.push(plan);
      return inner.compile(plan);
    },
    run(executable, inputs, outputs): void {
      counts.set(executable.plan, (counts.get(executable.plan) ?? 0) + 1);
      inner.run(executable, inputs, outputs);
    },
    plans,
    runs(plan): number {
      if (plan) return counts.get(plan) ?? 0;
      return [...counts.values()].reduce((a, b) => a + b, 0);
    },
    reset(): void {
      plans.length = 0;
      counts.clear();
    },
  };
}

/** `inner` as a device that can only be read asynchronously: no `readSync`, and each read takes a macrotask. */
export function withoutSyncRead(inner: Backend): Backend {
  return {
    ...passOn(inner),
    traits: { ...inner.traits, syncRead: false },
    async read(buffer): Promise<TypedArray> {
      await macrotask();
      return inner.read(buffer);
    },
  };
}

/** Settles after whatever is queued now. Every runtime has `setTimeout`, but not every list of types. */
function macrotask(): Promise<void> {
  const { setTimeout } = globalThis as unknown as {
    setTimeout: (callback: () => void, milliseconds: number) => unknown;
  };
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** All methods but `readSync`, bound: a backend may be a class. */
function passOn(inner: Backend): Backend {
  return {
    name: inner.name,
    traits: inner.traits,
    compile: (plan) => inner.compile(plan),
    run: (executable, inputs, outputs) => inner.run(executable, inputs, outputs),
    alloc: (dtype, length) => inner.alloc(dtype, length),
    free: (buffer) => inner.free(buffer),
    write: (buffer, data) => inner.write(buffer, data),
    read: (buffer) => inner.read(buffer),
    stats: () => inner.stats(),
    [Symbol.dispose]: () => inner[Symbol.dispose](),
  };
}
