/*
 * The inputs of every workload, made once in the runner and handed to all programs, whatever their language, as files.
 * The one idea: an input is named numbers and named arrays of float64; programs cast to the dtype they run in.
 * Must not import a competitor.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { bits, uniform } from './random.ts';

export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export interface Input {
  readonly numbers: Readonly<Record<string, number>>;
  readonly arrays: Readonly<Record<string, NamedArray>>;
}

const array = (shape: readonly number[], data: Float64Array): NamedArray => ({ shape, data });
const random = (seed: number, shape: readonly number[], scale = 1, offset = 0): NamedArray =>
  array(
    shape,
    uniform(
      seed,
      shape.reduce((a, b) => a * b, 1),
      scale,
      offset,
    ),
  );

/** Weights and biases of three dense layers, seeds counted on from `seed`. */
function layers(seed: number, [a, b, c, d]: readonly [number, number, number, number], last: number): Input['arrays'] {
  return {
    W1: random(seed, [a, b], 1 / 8),
    b1: random(seed + 1, [b], 1 / 8),
    W2: random(seed + 2, [b, c], 1 / 8),
    b2: random(seed + 3, [c], 1 / 8),
    W3: random(seed + 4, [c, d], last),
    b3: random(seed + 5, [d], 1 / 8),
  };
}

/** The Franka Emika Panda, modified Denavit–Hartenberg: a, d, cos α, sin α of the seven joints and of the flange. */
const PANDA: readonly (readonly [number, number, number, number])[] = [
  [0, 0.333, 1, 0],
  [0, 0, 0, -1],
  [0, 0.316, 0, 1],
  [0.0825, 0, 0, 1],
  [-0.0825, 0.384, 0, -1],
  [0, 0, 0, 1],
  [0.088, 0, 0, 1],
  [0, 0.107, 1, 0],
];
const REST = [0, -0.785398, 0, -2.35619, 0, 1.570796, 0.785398];

/** Joint i has the pose K0[i] + cos(q) K1[i] + sin(q) K2[i]; the flange's is F. Configurations near the one at rest. */
function arm({ n }: { n: number }): Input {
  const link = ([a, d, ca, sa]: (typeof PANDA)[number]): [number[], number[], number[]] => [
    [0, 0, 0, a, 0, 0, -sa, -d * sa, 0, 0, ca, d * ca, 0, 0, 0, 1],
    [1, 0, 0, 0, 0, ca, 0, 0, 0, sa, 0, 0, 0, 0, 0, 0],
    [0, -1, 0, 0, ca, 0, 0, 0, sa, 0, 0, 0, 0, 0, 0, 0],
  ];
  const links = PANDA.map(link);
  const joints = (k: 0 | 1 | 2): NamedArray =>
    array([7, 4, 4], Float64Array.from(links.slice(0, 7).flatMap((each) => each[k])));
  const [still, turned] = links[7]!;
  const q = uniform(40, n * 7).map((u, i) => Math.fround(REST[i % 7]! + 0.5 * u));
  return {
    numbers: { n },
    arrays: {
      q: array([n, 7], q),
      K0: joints(0),
      K1: joints(1),
      K2: joints(2),
      F: array(
        [4, 4],
        Float64Array.from(still, (v, i) => v + turned[i]!),
      ),
    },
  };
}

/** Periodic viscous Burgers, dx = 1/n, ν = dx: du = −c1 u (u₊ − u₋) + c2 (u₊ − 2u + u₋). */
function burgers({ n }: { n: number }): Input {
  return { numbers: { n, c1: n / 2, c2: n }, arrays: { u: random(70, [n], 0.5, 0.5) } };
}

/** ADBench's bundle adjustment: rows of rotation 3, centre 3, f, x0, y0, k1, k2, point 3, weight; features (n, 2). */
function bundle({ n }: { n: number }): Input {
  const [cameras, points] = [49, 7776];
  const rotation = uniform(100, cameras * 3, 0.5);
  const centre = uniform(101, cameras * 3, 0.5);
  const f = uniform(102, cameras, 50, 500);
  const x0 = uniform(103, cameras * 2, 10);
  const k = uniform(104, cameras * 2, 0.01);
  const point = uniform(105, points * 3).map((v, i) => Math.fround(v + (i % 3 === 2 ? 5 : 0)));
  const weight = uniform(106, n, 0.25, 0.75);
  const rows = new Float64Array(n * 15);
  for (let i = 0; i < n; i++) {
    const c = bits(108, i) % cameras;
    const p = bits(109, i) % points;
    const row = [...rotation.subarray(c * 3, c * 3 + 3), ...centre.subarray(c * 3, c * 3 + 3), f[c]!];
    row.push(...x0.subarray(c * 2, c * 2 + 2), ...k.subarray(c * 2, c * 2 + 2), ...point.subarray(p * 3, p * 3 + 3));
    rows.set([...row, weight[i]!], i * 15);
  }
  return { numbers: { n }, arrays: { P: array([n, 15], rows), features: random(107, [n, 2], 100) } };
}

/** ADBench's GMM; each row of icf is a log diagonal, then the strictly lower entries by columns, which S spreads out. */
function mixture({ n }: { n: number }): Input {
  const [d, k] = [10, 25];
  const lower = (d * (d - 1)) / 2;
  const S = new Float64Array(lower * d * d);
  let entry = 0;
  for (let i = 0; i < d; i++) for (let j = i + 1; j < d; j++) S[entry++ * d * d + j * d + i] = 1;
  return {
    numbers: { n, d, k, lower },
    arrays: {
      alphas: random(90, [k]),
      means: random(91, [k, d]),
      icf: random(92, [k, d + lower], 0.5),
      x: random(93, [n, d]),
      S: array([lower, d * d], S),
    },
  };
}

function logistic({ n }: { n: number }): Input {
  const signs = uniform(82, 1000).map((v) => (v < 0 ? -1 : 1));
  return {
    numbers: { n, examples: 1000, lambda: 1 / 128 },
    arrays: { X: random(81, [1000, n]), y: array([1000], signs), w: random(83, [n], 0.5) },
  };
}

/** A function to differentiate, of any size. */
export type Family =
  | 'seed1'
  | 'seed2'
  | 'seed3'
  | 'arm'
  | 'mlp_batch'
  | 'mlp_params'
  | 'burgers'
  | 'burgers_sparse'
  | 'rosen'
  | 'logreg'
  | 'ba'
  | 'gmm'
  | 'matmul'
  | 'exp'
  | 'tanh'
  | 'dispatch';

const MAKERS: Readonly<Record<Family, (size: { n: number }) => Input>> = {
  seed1: (): Input => ({ numbers: { n: 1 }, arrays: { x: array([1], Float64Array.of(1)) } }),
  seed2: ({ n }: { n: number }): Input => ({ numbers: { n }, arrays: { x: random(20, [n]) } }),
  seed3: (): Input => ({
    numbers: { n: 5, eps: 1e-3 },
    arrays: {
      x: random(30, [5, 5]),
      W1: random(31, [5, 8], 0.5),
      b1: random(32, [8], 0.25),
      W2: random(33, [8, 6], 0.5),
      b2: random(34, [6], 0.25),
    },
  }),
  arm,
  mlp_batch: ({ n }: { n: number }): Input => ({
    numbers: { n },
    arrays: { x: random(50, [n, 64]), ...layers(51, [64, 256, 256, 32], 1 / 16) },
  }),
  mlp_params: ({ n }: { n: number }): Input => ({
    numbers: { n },
    arrays: { x: random(60, [n, 128]), ...layers(61, [128, 256, 128, 10], 1 / 8) },
  }),
  burgers,
  burgers_sparse: burgers,
  rosen: ({ n }: { n: number }): Input => ({ numbers: { n }, arrays: { x: random(80, [n], 0.5, 0.5) } }),
  logreg: logistic,
  ba: bundle,
  gmm: mixture,
  matmul: ({ n }: { n: number }): Input => ({
    numbers: { n },
    arrays: { A: random(110, [n, n]), B: random(111, [n, n]) },
  }),
  exp: ({ n }: { n: number }): Input => ({ numbers: { n }, arrays: { x: random(112, [n], 2) } }),
  tanh: ({ n }: { n: number }): Input => ({ numbers: { n }, arrays: { x: random(112, [n], 2) } }),
  dispatch: ({ n }: { n: number }): Input => ({
    numbers: { n },
    arrays: { a: array([4], Float64Array.of(1, 2, 3, 4)), b: array([4], Float64Array.of(1, 1, 1, 1)) },
  }),
};

/** The input of a family at a size. */
export const makeInput = (family: Family, n: number): Input => MAKERS[family]({ n });

/**
 * Writes `<path>.f64`, all arrays one after the other, little endian, and `<path>.txt`, which says what they are:
 * lines `number name value` and `array name offset size…`, for languages without a reader of JSON.
 */
export function writeInput(path: string, { numbers, arrays }: Input): void {
  const lines = Object.entries(numbers).map(([name, value]) => `number ${name} ${value}`);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    lines.push(`array ${name} ${offset} ${shape.join(' ')}`);
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.length;
  }
  writeFileSync(`${path}.txt`, `${lines.join('\n')}\n`);
  writeFileSync(`${path}.f64`, Buffer.concat(parts));
}

/** Reads what `writeInput` wrote. */
export function readInput(path: string): Input {
  const all = readFloats(`${path}.f64`);
  const numbers: Record<string, number> = {};
  const arrays: Record<string, NamedArray> = {};
  for (const line of readFileSync(`${path}.txt`, 'utf8').trim().split('\n')) {
    const [kind, name, ...rest] = line.split(' ');
    if (kind === 'number') numbers[name!] = Number(rest[0]);
    else {
      const [offset, ...shape] = rest.map(Number);
      const size = shape.reduce((a, b) => a * b, 1);
      arrays[name!] = { shape, data: all.slice(offset, offset! + size) };
    }
  }
  return { numbers, arrays };
}

/** A file of float64. */
export function readFloats(path: string): Float64Array {
  const bytes = readFileSync(path);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
