/*
 * What is measured: each workload is a family of inputs at one size. The order is the order of tables and charts.
 */
import type { Family } from './inputs.ts';

export type DType = 'float32' | 'float64';

export interface Workload {
  readonly id: string;
  readonly family: Family;
  readonly n: number;
  /** What programs run in where they have it; the competitors without float64 run in float32, and the table says so. */
  readonly dtype: DType;
  /** One line for a reader who has not seen the programs. */
  readonly title: string;
  /** The name under which programs keep it, where one family is asked for in two ways. */
  readonly program?: string;
}

const workload = (id: string, family: Family, n: number, title: string, rest: Partial<Workload> = {}): Workload => ({
  id,
  family,
  n,
  title,
  dtype: 'float32',
  ...rest,
});

export const WORKLOADS: readonly Workload[] = [
  workload('seed1', 'seed1', 1, 'a number to two: [x², sin x]'),
  workload('seed2_n2', 'seed2', 2, 'x² + 2x of two numbers'),
  workload('seed2_n1000', 'seed2', 1000, 'x² + 2x of 1000 numbers, dense'),
  workload('seed3', 'seed3', 5, 'batch 5, dense + batch norm + dense; prepared'),
  workload('seed3_tape', 'seed3', 5, 'the same, recorded on a tape each time', { program: 'seed3_tape' }),
  workload('arm7', 'arm', 1, 'Panda arm 12×7, one configuration', { dtype: 'float64' }),
  workload('arm7_b1024', 'arm', 1024, 'Panda arm 12×7, 1024 configurations'),
  workload('mlp_batch', 'mlp_batch', 256, 'MLP 64→256→256→32, 256 examples, by input'),
  workload('mlp_params', 'mlp_params', 1, 'MLP 128→256→128→10, by 67k parameters'),
  workload('mlp_params_b32', 'mlp_params', 32, 'the same for each of 32 examples, 86 MB'),
  workload('burgers256', 'burgers', 256, 'Burgers, n = 256, dense'),
  workload('burgers1024', 'burgers', 1024, 'Burgers, n = 1024, dense'),
  workload('burgers_sparse', 'burgers_sparse', 99_999, 'Burgers, n = 99,999, three seeds'),
  workload('rosen100', 'rosen', 100, 'Rosenbrock, n = 100, Hessian'),
  workload('logreg50', 'logreg', 50, 'logistic regression, 50 × 1000, Hessian'),
  workload('ba', 'ba', 31_843, 'bundle adjustment, 31,843 × (2×15)'),
  workload('gmm', 'gmm', 1000, 'GMM gradient, d = 10, k = 25, n = 1000'),
  workload('matmul512', 'matmul', 512, 'matrix product, 512'),
  workload('matmul1024', 'matmul', 1024, 'matrix product, 1024'),
  workload('exp', 'exp', 1_000_000, 'exp of 10⁶ numbers'),
  workload('tanh', 'tanh', 1_000_000, 'tanh of 10⁶ numbers'),
  workload('dispatch1000', 'dispatch', 1000, '1000 additions of four numbers'),
];

/** The name under which a program keeps what it does for a workload. */
export const programName = ({ program, family }: Workload): string => program ?? family;
