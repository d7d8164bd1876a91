/*
 * What Jacobi is judged by, as data. Each line: a workload, whom to compare with, and by which factor. "Ahead" without a
 * number is 1.2, since WebAssembly is sometimes slow for a whole process.
 */

/** Whom a goal compares with. */
export type Rivals =
  | 'peers'
  | 'JavaScript peers'
  | 'PyTorch'
  | 'C++ dual numbers'
  | 'C++, straight-line'
  | 'JavaScript, straight-line'
  | 'limit';

export interface Goal {
  readonly workload: string;
  /** The best of these; of `limit`, the better of the microkernel and TensorFlow.js. Absent where time alone counts. */
  readonly rivals?: Rivals;
  /** At least this many times as fast as the best rival; 1/3 is "within 3×". */
  readonly ahead?: number;
  /** At most this many microseconds. */
  readonly under?: number;
  /** Only on Node 20, or only on a current one. */
  readonly engine?: 'Node 20' | 'current Node';
  /** A wish, or a goal of a later step: said, but not counted. */
  readonly wish?: boolean;
}

const AHEAD = 1.2;
const ahead = (workload: string, rivals: Rivals, factor: number = AHEAD, rest: Partial<Goal> = {}): Goal => ({
  workload,
  rivals,
  ahead: factor,
  ...rest,
});
const within = (workload: string, rivals: Rivals, factor: number, rest: Partial<Goal> = {}): Goal =>
  ahead(workload, rivals, 1 / factor, rest);

export const GOALS: readonly Goal[] = [
  ahead('seed1', 'peers', 10),
  ahead('seed2_n2', 'peers', 10),
  ahead('seed3', 'peers', 10),
  { workload: 'seed3_tape', under: 60 },
  ahead('seed2_n1000', 'peers', 4),
  ahead('arm7', 'C++ dual numbers', 1),
  within('arm7', 'C++, straight-line', 2, { wish: true }),
  ahead('arm7_b1024', 'peers', 5),
  within('arm7_b1024', 'C++, straight-line', 4),
  ahead('mlp_batch', 'JavaScript peers', 15),
  within('mlp_batch', 'PyTorch', 3, { engine: 'Node 20' }),
  within('mlp_batch', 'PyTorch', 1.8, { engine: 'current Node' }),
  ahead('mlp_params', 'JavaScript peers', 8),
  ahead('mlp_params', 'PyTorch'),
  ahead('mlp_params_b32', 'JavaScript peers', 8),
  ahead('mlp_params_b32', 'PyTorch', 3),
  ahead('burgers256', 'peers'),
  within('burgers256', 'JavaScript, straight-line', 3, { wish: true }),
  ahead('burgers1024', 'peers'),
  ahead('burgers_sparse', 'peers'),
  ahead('rosen100', 'peers'),
  ahead('logreg50', 'peers'),
  ahead('ba', 'peers', 3),
  ahead('ba', 'C++ dual numbers', 1),
  ahead('gmm', 'JavaScript peers', 5),
  ahead('gmm', 'PyTorch'),
  ahead('matmul512', 'limit', 0.8),
  ahead('matmul1024', 'limit', 0.8),
  ahead('exp', 'JavaScript peers', 2.5, { engine: 'Node 20' }),
  ahead('exp', 'JavaScript peers', AHEAD, { engine: 'current Node' }),
  ahead('tanh', 'JavaScript peers', 2.5, { engine: 'Node 20' }),
  ahead('tanh', 'JavaScript peers', AHEAD, { engine: 'current Node' }),
  { workload: 'dispatch1000', under: 1000 },
  ahead('first', 'peers'),
];
