/*
 * Times kernels on the built packages: node packages/backend-wasm/bench/kernels.mjs [seconds]
 * Medians of interleaved repetitions; each in milliseconds, with what that makes in GFLOP/s or nanoseconds an element.
 */
import * as scalar from '@jacobi/backend/scalar';
import { contractLoop, createCpuBackend, mapLoop, reduceLoop } from '@jacobi/backend-cpu';
import { createWasmBackend } from '@jacobi/backend-wasm';

const rows = Object.fromEntries(Object.entries(scalar));
const seconds = Number(process.argv[2] ?? 6);
const only = process.argv[3];
const wasm = createWasmBackend();
const unfused = createWasmBackend({ fused: false });
const cpu = createCpuBackend();
const fractions = (array) => array.map((_, i) => ((i * 7919) % 10007) / 5003.5 - 1);
const make = (dtype, n) =>
  dtype === 'float32' ? new Float32Array(n) : dtype === 'float64' ? new Float64Array(n) : new Int32Array(n);

/** A plan of kernels over slots [dtype, length], inputs first, the output last. */
function program(backend, slots, steps, temporaries = []) {
  let arena = 0;
  const all = slots.map(([dtype, length], i) => ({ dtype, length, role: i === slots.length - 1 ? 'output' : 'input' }));
  for (const [dtype, length] of temporaries) {
    all.push({ dtype, length, role: 'temporary', offset: arena });
    arena += Math.ceil((length * 8) / 16) * 16;
  }
  const inputs = [...slots.keys()].slice(0, -1);
  const loops = { map: mapLoop, contract: contractLoop, reduce: reduceLoop };
  const kernels = steps.map((kernel) => ({ ...kernel, js: loops[kernel.kind] }));
  const plan = { format: 1, slots: all, inputs, outputs: [slots.length - 1], steps: kernels, arenaBytes: arena };
  const executable = backend.compile(plan);
  const buffers = slots.map(([dtype, length]) => {
    const buffer = backend.alloc(dtype, length);
    backend.write(buffer, fractions(make(dtype, length)));
    return buffer;
  });
  const out = buffers.pop();
  return () => backend.run(executable, buffers, [out]);
}

const flat = (slot) => ({ slot, offset: 0, strides: [1] });
const map = (backend, name, dtype, n) => {
  const fn = rows[name];
  const inputs = Array.from({ length: fn.arity }, (_, i) => i);
  const body = [{ fn, args: inputs, dtype }];
  const slots = [...inputs, 0].map(() => [dtype, n]);
  return program(backend, slots, [{ kind: 'map', shape: [n], inputs: inputs.map(flat), output: flat(fn.arity), body }]);
};
const contract = (backend, dtype, [m, n, k], transposed = false, accumulate = dtype) =>
  program(
    backend,
    [
      [dtype, m * k],
      [dtype, n * k],
      [dtype, m * n],
    ],
    [
      {
        kind: 'contract',
        batch: [],
        m: [m],
        n: [n],
        k: [k],
        accumulate,
        left: { slot: 0, offset: 0, strides: transposed ? [1, m] : [k, 1] },
        right: { slot: 1, offset: 0, strides: transposed ? [k, 1] : [1, n] },
        output: { slot: 2, offset: 0, strides: [n, 1] },
      },
    ],
  );
const batched = (backend, batch, n, transposed = false) => {
  const turned = (slot) => slot === 1 && !transposed;
  const access = (slot) => ({ slot, offset: 0, strides: turned(slot) ? [n * n, 1, n] : [n * n, n, 1] });
  const groups = { kind: 'contract', batch: [batch], m: [n], n: [n], k: [n], accumulate: 'float32' };
  const slots = [0, 1, 2].map(() => ['float32', batch * n * n]);
  return program(backend, slots, [{ ...groups, left: access(0), right: access(1), output: access(2) }]);
};
const sum = (backend, dtype, kept, reduced, columns) =>
  program(
    backend,
    [
      [dtype, kept * reduced],
      [dtype, kept],
    ],
    [
      {
        kind: 'reduce',
        reducer: scalar.sumReducer,
        kept: [kept],
        reduced: [reduced],
        accumulate: dtype,
        input: { slot: 0, offset: 0, strides: columns ? [1, kept] : [reduced, 1] },
        output: flat(1),
      },
    ],
  );
/** A row of `count` maps over n elements, each on the last one's result. */
const chain = (backend, n, count) => {
  const body = [{ fn: scalar.add, args: [0, 1], dtype: 'float32' }];
  const at = (i) => (i === count - 1 ? 1 : i < 0 ? 0 : 2 + (i % 2));
  const steps = Array.from({ length: count }, (_, i) => ({
    kind: 'map',
    shape: [n],
    inputs: [flat(at(i - 1)), flat(0)],
    output: flat(at(i)),
    body,
  }));
  return program(
    backend,
    [
      ['float32', n],
      ['float32', n],
    ],
    steps,
    [
      ['float32', n],
      ['float32', n],
    ],
  );
};

const M = 1e6;
const element = (n) => (ms) => `${((ms * 1e6) / n).toFixed(2)} ns/element`;
const flops = (count) => (ms) => `${(count / ms / 1e6).toFixed(1)} GFLOP/s`;
const call = () => (ms) => `${(ms * 1e6).toFixed(0)} ns`;
const cases = [];
const add = (name, run, note, fast = false) => {
  if (!only || name.includes(only)) cases.push({ name, run, note, fast, times: [] });
};
for (const [fn, dtype] of [
  ['exp', 'float32'],
  ['tanh', 'float32'],
  ['log', 'float32'],
  ['sigmoid', 'float32'],
  ['softplus', 'float32'],
  ['sin', 'float32'],
  ['erf', 'float32'],
  ['pow', 'float32'],
  ['add', 'float32'],
  ['exp', 'float64'],
  ['sin', 'float64'],
  ['tanh', 'float64'],
  ['pow', 'float64'],
])
  add(`${fn} ${dtype} 10⁶`, map(wasm, fn, dtype, M), element(M));
for (const n of [64, 256, 512, 1024])
  add(`matrix ${n} float32`, contract(wasm, 'float32', [n, n, n]), flops(2 * n ** 3));
add('matrix 512 float32, nothing fused', contract(unfused, 'float32', [512, 512, 512]), flops(2 * 512 ** 3));
add('matrix 512 float32, both transposed', contract(wasm, 'float32', [512, 512, 512], true), flops(2 * 512 ** 3));
add('matrix 512 float32 in float64', contract(wasm, 'float32', [512, 512, 512], false, 'float64'), flops(2 * 512 ** 3));
add('matrix 512 float64', contract(wasm, 'float64', [512, 512, 512]), flops(2 * 512 ** 3));
for (const n of [4, 8, 16, 32]) add(`1024 matrices ${n} float32`, batched(wasm, 1024, n), flops(2 * 1024 * n ** 3));
add('1024 matrices 16 transposed', batched(wasm, 1024, 16, true), flops(2 * 1024 * 16 ** 3));
add('matrix 4 float32', batched(wasm, 1, 4), call(), true);
add('vector · matrix 1024', contract(wasm, 'float32', [1, 1024, 1024]), flops(2 * 1024 ** 2));
add('matrix · vector 50×1000', contract(wasm, 'float32', [1000, 1, 50]), flops(2 * 50000));
add('dot 10⁶', contract(wasm, 'float32', [1, 1, M]), flops(2 * M));
add('matrix 64 × 64 → 32', contract(wasm, 'float32', [64, 32, 64]), flops(2 * 64 * 64 * 32));
add('matrix 256 × 64 → 256', contract(wasm, 'float32', [256, 256, 64]), flops(2 * 64 * 65536));
add('matrix · vector 1024', contract(wasm, 'float32', [1024, 1, 1024]), flops(2 * 1024 ** 2));
add('sum 10⁶ float32', sum(wasm, 'float32', 1, M, false), element(M));
add('sum rows 1000×1000', sum(wasm, 'float32', 1000, 1000, false), element(M));
add('sum columns 1000×1000', sum(wasm, 'float32', 1000, 1000, true), element(M));
add('add 4, wasm', map(wasm, 'add', 'float32', 4), call(), true);
add('add 4, cpu', map(cpu, 'add', 'float32', 4), call(), true);
add('exp 4, wasm', map(wasm, 'exp', 'float32', 4), call(), true);
add('exp 4, cpu', map(cpu, 'exp', 'float32', 4), call(), true);
add('100 maps of 4, wasm', chain(wasm, 4, 100), call(), true);
add('100 maps of 4, cpu', chain(cpu, 4, 100), call(), true);
add('100 maps of 1000, wasm', chain(wasm, 1000, 100), call());
add('100 maps of 1000, cpu', chain(cpu, 1000, 100), call());

const repeat = ({ run, fast }) => {
  const times = fast ? 2000 : 1;
  const start = performance.now();
  for (let i = 0; i < times; i++) run();
  return (performance.now() - start) / times;
};
for (const each of cases) for (let i = 0; i < 5; i++) repeat(each);
await new Promise((resolve) => setTimeout(resolve, 300));
for (const end = performance.now() + seconds * 1000; performance.now() < end; )
  for (const each of cases) each.times.push(repeat(each));
for (const { name, times, note } of cases) {
  const sorted = times.sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  console.log(
    `${name.padEnd(38)} ${median.toFixed(4).padStart(10)} ms  min ${sorted[0].toFixed(4).padStart(9)}  ${note(median)}`,
  );
}
const { modules, moduleBytes, memoryBytes } = wasm.stats();
console.log(`node ${process.version}: ${modules} modules of ${moduleBytes} bytes, memory ${memoryBytes / 2 ** 20} MiB`);
