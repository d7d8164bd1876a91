/*
 * What Jacobi costs beside the arithmetic, against limits: npm run bench:overhead (`-- --check` fails over a limit).
 * On the built packages, as users get them. Medians of batches after a warm-up, which the engine's compiler needs: the
 * thousandth call is several times as fast as the tenth.
 */
import { execFileSync } from 'node:child_process';
import type { Tensor } from 'jacobi';
import { cast, elu, GradientTape, matmul, mul, nn, ones, pow, random, sin, stack, tanh, tensor } from 'jacobi';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: 'µs' | 'ms' | '×';
}

const BATCH_MS = 20;
const BATCHES = 15;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Microseconds a call. */
function time(run: () => unknown, warmUpMs: number): number {
  const batch = (calls: number): number => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) run();
    return performance.now() - start;
  };
  let calls = 1;
  for (const end = performance.now() + warmUpMs; performance.now() < end; ) {
    if (batch(calls) < BATCH_MS / 2) calls *= 2;
  }
  return median(Array.from({ length: BATCHES }, () => (batch(calls) * 1000) / calls));
}

function eagerOperation(): Row {
  const x = tensor([1, 2, 3, 4]);
  const y = tensor([5, 6, 7, 8]);
  return {
    what: 'an eager operation: mul of four numbers and four',
    value: time(() => mul(x, y), 500),
    limit: 1.5,
    unit: 'µs',
  };
}

function scalarSource(): Row {
  const x = tensor(1.0);
  const run = (): Tensor => {
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return stack([pow(x, 2), sin(x)]);
    });
    return tape.jacobian(y, x);
  };
  return { what: 'tape + jacobian of the scalar-source program', value: time(run, 1500), limit: 40, unit: 'µs' };
}

function batchProgram(): Row {
  const xf = cast(random.uniform([5, 5], { minval: 0, maxval: 10, dtype: 'int32' }), 'float32');
  const layer1 = new nn.Dense({ units: 8, activation: elu });
  const bn = new nn.BatchNormalization();
  const layer2 = new nn.Dense({ units: 6, activation: elu });
  const run = (): Tensor => {
    const tape = new GradientTape({ persistent: true, watchAccessedVariables: false });
    const y = tape.record(() => {
      tape.watch(xf);
      return layer2.apply(bn.apply(layer1.apply(xf), { training: true }));
    });
    return tape.batchJacobian(y, xf);
  };
  return { what: 'tape + batchJacobian of the batch program', value: time(run, 1500), limit: 400, unit: 'µs' };
}

const FIRST = `import { GradientTape, pow, sin, stack, tensor } from 'jacobi';
const x = tensor(1.0);
const tape = new GradientTape();
const y = tape.record(() => { tape.watch(x); return stack([pow(x, 2), sin(x)]); });
if (tape.jacobian(y, x).dataSync()[0] !== 2) throw new Error('wrong');`;

/** Whole processes, import included; each beside an empty one, so that both see the same machine. */
function firstJacobian(): Row {
  const cwd = new URL('..', import.meta.url);
  const milliseconds = (args: readonly string[]): number => {
    const start = performance.now();
    execFileSync(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
    return performance.now() - start;
  };
  const run = (): number => milliseconds(['--input-type=module', '-e', FIRST]) - milliseconds(['-e', '0']);
  run();
  const value = median(Array.from({ length: 21 }, run));
  return { what: 'the first Jacobian of a process, over node -e 0', value, limit: 60, unit: 'ms' };
}

/** tape + jacobian over tape + gradient (of the sum of all outputs). */
function ratio(what: string, f: (x: Tensor) => Tensor, x: Tensor): Row {
  const taped = (derivative: (tape: GradientTape, y: Tensor) => unknown): number => {
    const run = (): unknown => {
      const tape = new GradientTape();
      const y = tape.record(() => {
        tape.watch(x);
        return f(x);
      });
      return derivative(tape, y);
    };
    return time(run, 300);
  };
  const jacobian = taped((tape, y) => tape.jacobian(y, x));
  const gradient = taped((tape, y) => tape.gradient(y, x));
  const times = `${jacobian.toFixed(0)} µs over ${gradient.toFixed(0)} µs`;
  return { what: `jacobian / gradient, ${what}: ${times}`, value: jacobian / gradient, limit: 16, unit: '×' };
}

/** Programs of 64 outputs. */
function* ratios(): Generator<Row> {
  const wave = (x: Tensor): Tensor => tanh(mul(sin(x), x));
  yield ratio('elementwise, [64] → [64]', wave, random.uniform([64]));
  yield ratio('elementwise, [] → [64]', (x) => wave(mul(x, ones([64]))), tensor(0.5));
  for (const n of [16, 64, 256, 1024]) {
    const W = random.normal([64, n]);
    yield ratio(`W·x, [${n}] → [64]`, (x) => matmul(W, x), random.uniform([n]));
    yield ratio(`tanh(W·x), [${n}] → [64]`, (x) => tanh(matmul(W, x)), random.uniform([n]));
  }
  for (const n of [8, 64, 256]) {
    const W = random.normal([n, 8]);
    const V = random.normal([8, 8]);
    yield ratio(`X·W, [8,${n}] → [8,8]`, (x) => matmul(x, W), random.uniform([8, n]));
    yield ratio(`V·tanh(X·W), [8,${n}] → [8,8]`, (x) => matmul(V, tanh(matmul(x, W))), random.uniform([8, n]));
  }
}

function* rows(): Generator<Row> {
  yield eagerOperation();
  yield scalarSource();
  yield batchProgram();
  yield firstJacobian();
  yield* ratios();
}

let over = 0;
for (const { what, value, limit, unit } of rows()) {
  if (value > limit) over++;
  const number = (x: number): string =>
    `${String(x < 10 ? Number(x.toFixed(2)) : Math.round(x)).padStart(6)} ${unit.padEnd(2)}`;
  console.log(`${value > limit ? '✗' : '✓'}${number(value)}  of${number(limit)}  ${what}`);
}
console.log(over === 0 ? 'all within their limits' : `${over} over the limit`);
if (process.argv.includes('--check') && over > 0) process.exitCode = 1;
