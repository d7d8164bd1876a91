/*
 * Times straight lines on the built packages: node packages/backend-wasm/bench/straight.mjs [seconds] [name]
 * Programs of the shape of a robot arm's Jacobian, of Burgers' equation, of bundle adjustment; and what a run of almost
 * nothing takes. Medians of interleaved repetitions; first: milliseconds of compile and the first run.
 */
import * as scalar from '@jacobi/backend/scalar';
import { createWasmBackend } from '@jacobi/backend-wasm';

const seconds = Number(process.argv[2] ?? 6);
const only = process.argv[3];
const backend = createWasmBackend();
const rows = Object.fromEntries(Object.entries(scalar));
const make = { float32: Float32Array, float64: Float64Array };

/** A line being written. */
class Line {
  loads = [];
  body = [];
  stores = [];
  constructor(dtype, inputs, outputs) {
    Object.assign(this, { dtype, inputs, outputs });
    this.loads = Array.from({ length: inputs }, (_, i) => ({ slot: 0, offset: i, stride: inputs }));
  }
  step(fn, ...args) {
    this.body.push({ fn: rows[fn], args, dtype: this.dtype });
    return this.inputs + this.body.length - 1;
  }
  constant(value) {
    this.body.push({ constant: Math.fround(value) });
    return this.inputs + this.body.length - 1;
  }
  add = (a, b) => this.step('add', a, b);
  mul = (a, b) => this.step('mul', a, b);
  sub = (a, b) => this.step('sub', a, b);
  store(value) {
    this.stores.push({ slot: 1, offset: this.stores.length, stride: this.outputs, value });
  }
  /** The run of `count` rows. */
  runner(count) {
    const { dtype, inputs, outputs } = this;
    const slots = [
      { dtype, length: inputs * count, role: 'input' },
      { dtype, length: outputs * count, role: 'output' },
    ];
    const { loads, body, stores } = this;
    const plan = { format: 1, slots, inputs: [0], outputs: [1], arenaBytes: 0 };
    plan.steps = [{ kind: 'straight', rows: count, loads, body, stores }];
    const x = make[dtype].from({ length: inputs * count }, (_, i) => ((i * 7919) % 997) / 400 - 1.2);
    const y = new make[dtype](outputs * count);
    const start = performance.now();
    const executable = backend.compile(plan);
    const [xs, ys] = [[x], [y]];
    const run = () => backend.run(executable, xs, ys);
    run();
    return { run, first: performance.now() - start, steps: body.length };
  }
}

/** 12 × 7: rotations by seven angles between rigid steps, and the derivatives of the frame by each of them. */
function arm(dtype) {
  const line = new Line(dtype, 7, 84);
  const trig = Array.from({ length: 7 }, (_, i) => [line.step('sin', i), line.step('cos', i)]);
  let frame = Array.from({ length: 12 }, (_, i) => line.constant(0.1 * i - 0.37));
  const columns = [];
  for (const [s, c] of trig) {
    const offset = line.constant(0.3 + columns.length / 10);
    const turn = (at, sine, cosine) => {
      const [next, slope] = [[], []];
      for (let row = 0; row < 3; row++) {
        const [x, y, z, p] = [0, 1, 2, 3].map((column) => at[4 * row + column]);
        next.push(line.add(line.mul(x, cosine), line.mul(y, sine)), line.sub(line.mul(y, cosine), line.mul(x, sine)));
        next.push(z, line.add(p, line.mul(offset, z)));
        slope.push(
          line.sub(line.mul(y, cosine), line.mul(x, sine)),
          line.step('neg', line.add(line.mul(x, cosine), line.mul(y, sine))),
        );
      }
      return {
        next: [0, 1, 2].flatMap((r) => [next[4 * r], next[4 * r + 2], next[4 * r + 1], next[4 * r + 3]]),
        slope,
      };
    };
    for (const column of columns) column.splice(0, 12, ...turn(column, s, c).next);
    const { next, slope } = turn(frame, s, c);
    columns.push([0, 1, 2].flatMap((r) => [slope[2 * r], next[4 * r + 1], slope[2 * r + 1], next[4 * r]]));
    frame = next;
  }
  for (let row = 0; row < 12; row++) for (const column of columns) line.store(column[row]);
  return line;
}

/** n points, each with terms of its neighbours, and three derivatives. */
function burgers(n) {
  const line = new Line('float32', 4 * n, 3 * n);
  const [a, b] = [line.constant(0.01), line.constant(0.5)];
  for (let i = 0; i < n; i++) {
    const [u, left, right, f] = [i, (i + n - 1) % n, (i + 1) % n, n + i];
    const slope = line.mul(b, line.sub(right, left));
    const bend = line.add(line.sub(right, line.add(u, u)), left);
    const value = line.sub(line.mul(a, bend), line.mul(u, slope));
    line.store(line.add(value, line.mul(f, line.mul(b, line.mul(u, 2 * n + i)))));
    line.store(line.sub(line.mul(a, 3 * n + i), line.mul(b, line.mul(u, left))));
    line.store(line.add(line.mul(a, right), line.mul(slope, f)));
  }
  return line;
}

/** A camera of eleven numbers, a point, a measurement: residuals' derivatives by 15 numbers. */
function bundle() {
  const line = new Line('float32', 17, 30);
  const square = line.add(line.add(line.mul(0, 0), line.mul(1, 1)), line.mul(2, 2));
  const angle = line.step('sqrt', square);
  const [s, c] = [line.step('sin', angle), line.step('cos', angle)];
  const inverse = line.step('reciprocal', angle);
  let living = [...Array.from({ length: 17 }, (_, i) => i), s, c, inverse];
  for (let i = 0; line.body.length < 600; i++) {
    const at = (k) => living[(i * 7 + k * 5) % living.length];
    const next = i % 3 === 0 ? line.add(at(0), at(1)) : i % 3 === 1 ? line.mul(at(1), at(2)) : line.sub(at(2), at(3));
    living = [...living.slice(living.length > 60 ? 1 : 0), next];
  }
  for (const value of living.slice(-30)) line.store(value);
  return line;
}

function tiny() {
  const line = new Line('float64', 3, 2);
  line.store(line.mul(line.add(0, 1), line.sub(1, 2)));
  line.store(line.mul(line.add(0, 2), line.mul(1, 2)));
  for (let i = 0; i < 4; i++) line.stores[1].value = line.mul(line.stores[1].value, 0);
  return line;
}

const cases = [
  ['call of 3 → 2', tiny(), 1],
  ['arm 12×7 float64, 1 row', arm('float64'), 1],
  ['arm 12×7 float32, 1 row', arm('float32'), 1],
  ['arm float64, 1024 rows', arm('float64'), 1024],
  ['arm float32, 1024 rows', arm('float32'), 1024],
  ['burgers 256, 1 row', burgers(256), 1],
  ['bundle adjustment, 31843 rows', bundle(), 31843],
]
  .filter(([name]) => !only || name.includes(only))
  .map(([name, line, rows]) => ({ name, rows, times: [], ...line.runner(rows) }));

const repeat = ({ run, rows }) => {
  const times = rows > 1 ? 1 : 2000;
  const start = performance.now();
  for (let i = 0; i < times; i++) run();
  return ((performance.now() - start) / times) * 1000;
};
for (const each of cases) for (let i = 0; i < 20; i++) repeat(each);
await new Promise((resolve) => setTimeout(resolve, 500));
for (const end = performance.now() + seconds * 1000; performance.now() < end; )
  for (const each of cases) each.times.push(repeat(each));
for (const { name, times, first, steps } of cases) {
  const sorted = times.sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  const note = `${String(steps).padStart(5)} steps, first ${first.toFixed(1)} ms`;
  console.log(
    `${name.padEnd(32)} ${median.toFixed(3).padStart(10)} µs  min ${sorted[0].toFixed(3).padStart(9)}  ${note}`,
  );
}
