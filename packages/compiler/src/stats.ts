/**
 * Counters that a test or a user can look at: how often something was traced, planned, compiled or found again.
 * Must not import programs.
 */
import { getBackend } from '@jacobi/tensor';

/** Counts since the module was loaded; `buffers` and `bytes` are the default backend's. */
export interface Stats {
  /** Traces with shapes only, and derivations of programs; not recordings. */
  readonly traces: number;
  /** Programs lowered to plans. */
  readonly plans: number;
  /** Plans compiled by a backend. */
  readonly compiles: number;
  /** Derivative programs found again by structure. */
  readonly planHits: number;
  /** Milliseconds spent making plans for `jit` and prepared Jacobians, and the default backend's compiling. */
  readonly compileTime: number;
  /** Buffers that the default backend allocated and that nobody freed; what is collected as garbage counts on. */
  readonly buffers: number;
  /** Bytes in them. */
  readonly bytes: number;
}

/** The running counts. @internal */
export const counters: { -readonly [K in 'traces' | 'plans' | 'compiles' | 'planHits' | 'compileTime']: Stats[K] } = {
  traces: 0,
  plans: 0,
  compiles: 0,
  planHits: 0,
  compileTime: 0,
};

/**
 * What has been traced, planned and compiled so far. A second Jacobian of the same structure leaves `traces` and `plans`
 * as they were.
 * @example
 * Object.keys(stats()).join(' ') // → 'traces plans compiles planHits compileTime buffers bytes'
 */
export function stats(): Stats {
  const { compileTime = 0, buffers, bytes } = getBackend().stats();
  return { ...counters, compileTime: counters.compileTime + compileTime, buffers, bytes };
}
