/*
 * Times contractions with an epilogue against the same with a map after them, on the built packages:
 * node packages/backend-wasm/bench/epilogues.mjs [float32|float64]
 * Lower quartiles of interleaved repetitions in milliseconds of processor time; results are compared bit by bit first.
 */
import { add, relu } from '@jacobi/backend/scalar';
import { contractLoop, epilogueLoop, mapLoop } from '@jacobi/backend-cpu';
import { createWasmBackend } from '@jacobi/backend-wasm';

const dtype = process.argv[2] ?? 'float32';
const backend = createWasmBackend({ tier: 'module' });
const at = (slot, ...strides) => ({ slot, offset: 0, strides });
const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** relu(x · w + b) for x of [m, k] and w of [k, n]. */
function layer(m, k, n, fused) {
  const body = [
    { fn: add, args: [0, 1], dtype },
    { fn: relu, args: [2], dtype },
  ];
  const bias = at(2, 0, 1);
  const sums = {
    kind: 'contract',
    batch: [],
    m: [m],
    n: [n],
    k: [k],
    left: at(0, k, 1),
    right: at(1, 1, n),
    accumulate: dtype,
  };
  const steps = fused
    ? [{ ...sums, js: epilogueLoop, output: at(4, n, 1), epilogue: { inputs: [bias], body } }]
    : [
        { ...sums, js: contractLoop, output: at(3, n, 1) },
        { kind: 'map', js: mapLoop, shape: [m, n], inputs: [at(3, n, 1), bias], output: at(4, n, 1), body },
      ];
  const lengths = [m * k, k * n, n];
  const slots = [
    ...lengths.map((length) => ({ dtype, length, role: 'input' })),
    { dtype, length: m * n, role: 'temporary', offset: 0 },
    { dtype, length: m * n, role: 'output' },
  ];
  const executable = backend.compile({
    format: 1,
    slots,
    inputs: [0, 1, 2],
    outputs: [4],
    steps,
    arenaBytes: 8 * m * n,
  });
  const buffers = lengths.map((length) => {
    const buffer = backend.alloc(dtype, length);
    const array = dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
    backend.write(
      buffer,
      array.map((_, i) => ((i * 7919) % 10007) / 5003.5 - 1),
    );
    return buffer;
  });
  const out = backend.alloc(dtype, m * n);
  return { run: () => backend.run(executable, buffers, [out]), out: () => backend.readSync(out), times: [] };
}

for (const [m, k, n] of [
  [8192, 8, 256],
  [4096, 4, 64],
  [1024, 32, 64],
  [256, 64, 256],
  [2048, 128, 128],
  [512, 512, 512],
]) {
  const both = [layer(m, k, n, false), layer(m, k, n, true)];
  for (let i = 0; i < 50; i++) for (const each of both) each.run();
  const [a, b] = both.map((each) => Buffer.from(each.out().slice().buffer));
  if (!a.equals(b)) throw new Error(`[${m}, ${k}, ${n}]: the epilogue gives other bits`);
  const count = Math.ceil(1e8 / (m * n * (k + 8)));
  for (let r = 0; r < 60; r++) {
    for (const each of both) {
      const start = now();
      for (let i = 0; i < count; i++) each.run();
      each.times.push((now() - start) / count);
    }
  }
  const [apart, fused] = both.map(({ times }) => times.sort((x, y) => x - y)[15]);
  console.log(`[${m}, ${k}] · [${k}, ${n}]: ${apart.toFixed(4)} → ${fused.toFixed(4)} ms`);
}
