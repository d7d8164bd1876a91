/*
 * Times one thread against several on the built packages: node packages/backend-wasm/bench/threads.mjs [threads] [seconds]
 * Medians of interleaved repetitions in milliseconds; results are compared bit by bit first.
 */
import * as scalar from '@jacobi/backend/scalar';
import { contractLoop, mapLoop, reduceLoop, straightLoop } from '@jacobi/backend-cpu';
import { wasm } from '@jacobi/backend-wasm';

const threads = Number(process.argv[2] ?? 2);
const seconds = Number(process.argv[3] ?? 8);
const backends = [await wasm(), await wasm({ threads })];
const loops = { map: mapLoop, contract: contractLoop, reduce: reduceLoop, straight: straightLoop };
const flat = (slot) => ({ slot, offset: 0, strides: [1] });

/** A plan of kernels over slots [dtype, length], inputs first, the output last. */
function program(slots, steps) {
  const all = slots.map(([dtype, length], i) => ({ dtype, length, role: i === slots.length - 1 ? 'output' : 'input' }));
  const inputs = [...slots.keys()].slice(0, -1);
  const kernels = steps.map((kernel) => ({ ...kernel, js: loops[kernel.kind] }));
  const plan = { format: 1, slots: all, inputs, outputs: [slots.length - 1], steps: kernels, arenaBytes: 0 };
  return backends.map((backend) => {
    const executable = backend.compile(plan);
    const buffers = slots.map(([dtype, length]) => {
      const array = dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
      for (let i = 0; i < length; i++) array[i] = ((i * 7919) % 10007) / 5003.5 - 1;
      const buffer = backend.alloc(dtype, length);
      backend.write(buffer, array);
      return buffer;
    });
    const out = buffers.pop();
    return { run: () => backend.run(executable, buffers, [out]), out: () => backend.readSync(out), times: [] };
  });
}

const matrix = (n, dtype = 'float32') =>
  program(
    [
      [dtype, n * n],
      [dtype, n * n],
      [dtype, n * n],
    ],
    [
      {
        kind: 'contract',
        batch: [],
        m: [n],
        n: [n],
        k: [n],
        accumulate: dtype,
        left: { slot: 0, offset: 0, strides: [n, 1] },
        right: { slot: 1, offset: 0, strides: [1, n] },
        output: { slot: 2, offset: 0, strides: [n, 1] },
      },
    ],
  );
const map = (fn, n) =>
  program(
    [
      ['float32', n],
      ['float32', n],
    ],
    [
      {
        kind: 'map',
        shape: [n],
        inputs: [flat(0)],
        output: flat(1),
        body: [{ fn, args: [0], dtype: 'float32' }],
      },
    ],
  );
const sums = (n, columns) =>
  program(
    [
      ['float32', n * n],
      ['float32', n],
    ],
    [
      {
        kind: 'reduce',
        reducer: scalar.sumReducer,
        kept: [n],
        reduced: [n],
        accumulate: 'float32',
        input: { slot: 0, offset: 0, strides: columns ? [1, n] : [n, 1] },
        output: flat(1),
      },
    ],
  );
/**
 * A straight line as long as the Jacobian of an arm's position: sines and cosines of 7 joints, 1600 products and sums, 84
 * results, over rows.
 */
const arm = (rows, dtype = 'float64') => {
  const joints = 7;
  const body = [];
  const step = (fn, ...args) => joints + body.push({ fn, args, dtype }) - 1;
  const turns = Array.from({ length: joints }, (_, i) => [step(scalar.sin, i), step(scalar.cos, i)]).flat();
  let values = [...turns];
  for (let i = 0; i < 1600; i++) {
    const [a, b] = [values[i % values.length], turns[(5 * i + 3) % turns.length]];
    const next = step(i % 2 === 0 ? scalar.mul : scalar.add, a, b);
    values = [...values.slice(-83), next];
  }
  const stores = values.map((value, i) => ({ slot: 1, offset: i, stride: values.length, value }));
  const loads = Array.from({ length: joints }, (_, i) => ({ slot: 0, offset: i, stride: joints }));
  return program(
    [
      [dtype, rows * joints],
      [dtype, rows * values.length],
    ],
    [{ kind: 'straight', rows, loads, body, stores }],
  );
};

const cases = {
  'matrix 1024 float32': matrix(1024),
  'matrix 512 float32': matrix(512),
  'matrix 256 float32': matrix(256),
  'matrix 1024 float64': matrix(1024, 'float64'),
  'exp 10⁷ float32': map(scalar.exp, 1e7),
  'tanh 10⁶ float32': map(scalar.tanh, 1e6),
  'sums of rows 2048²': sums(2048, false),
  'sums of columns 2048²': sums(2048, true),
  'arm, 10⁵ rows float64': arm(1e5),
  'arm, 1000 rows float64': arm(1000),
};
const time = (run) => {
  const start = performance.now();
  run();
  return performance.now() - start;
};
for (const [name, [one, many]] of Object.entries(cases)) {
  for (let i = 0; i < 4; i++) for (const { run } of [one, many]) run();
  const [a, b] = [one.out(), many.out()];
  if (!a.every((value, i) => Object.is(value, b[i]))) throw new Error(`${name}: results differ`);
}
await new Promise((resolve) => setTimeout(resolve, 300));
for (const end = performance.now() + seconds * 1000; performance.now() < end; )
  for (const pair of Object.values(cases)) for (const each of pair) each.times.push(time(each.run));
const median = ({ times }) => times.sort((a, b) => a - b)[times.length >> 1];
console.log(`node ${process.version}, 1 thread and ${backends[1].traits.threads}: medians in ms`);
for (const [name, [one, many]] of Object.entries(cases)) {
  const [a, b] = [median(one), median(many)];
  const columns = [a.toFixed(3).padStart(10), b.toFixed(3).padStart(10), `${(a / b).toFixed(2)}×`.padStart(8)];
  console.log(name.padEnd(28), ...columns, ` least ${one.times[0].toFixed(3)} ${many.times[0].toFixed(3)}`);
}
