/*
 * What the passes make of the plans of whole programs: kernels, bytes of temporaries, time on the CPU backend (or the one in WebAssembly), before and
 * after; and the time of the passes themselves. Works on the sources:
 *   node packages/compiler/bench/passes.mjs [name] [--print] [--exact] [--wasm]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { workloads } from './workloads.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const only = process.argv[2]?.startsWith('--') ? undefined : process.argv[2];
const exact = process.argv.includes('--exact');
const print = process.argv.includes('--print');

/** Plans as they are lowered. */
const unoptimised = {
  name: 'unoptimised',
  setup: ({ onLoad }) =>
    onLoad({ filter: /passes\/optimise\.ts$/ }, () => ({ contents: 'export const optimise = (plan) => plan;' })),
};

/** The umbrella and the passes in one module, from their sources. */
async function load() {
  const folder = mkdtempSync(join(tmpdir(), 'jacobi-passes-'));
  const outfile = join(folder, 'all.mjs');
  const contents = `
    export * as jacobi from 'jacobi';
    export { createCpuBackend } from '@jacobi/backend-cpu';
    export { createWasmBackend } from '@jacobi/backend-wasm';
    export { fusePlan } from './packages/compiler/src/passes/fuse-plan.ts';
    export { printPlan } from './packages/compiler/src/passes/print.ts';`;
  await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@jacobi/source'],
    outfile,
    plugins: [unoptimised],
  });
  const all = await import(pathToFileURL(outfile).href);
  rmSync(folder, { recursive: true });
  return all;
}

const { jacobi, createCpuBackend, createWasmBackend, fusePlan, printPlan } = await load();
const cpu = createCpuBackend();
const device = process.argv.includes('--wasm') ? createWasmBackend() : cpu;

/** The largest plan that a program has run, with its inputs. */
function planOf(program) {
  let found;
  const plans = new Map();
  const spy = {
    ...cpu,
    compile(plan) {
      const executable = cpu.compile(plan);
      plans.set(executable, plan);
      return executable;
    },
    run(executable, inputs, outputs) {
      const plan = plans.get(executable);
      if (plan.steps.length >= (found?.plan.steps.length ?? 0)) found = { plan, inputs, outputs };
      cpu.run(executable, inputs, outputs);
    },
  };
  jacobi.withBackend(spy, program);
  return found;
}

/** The largest difference, of the largest result of each output. */
function worst(expected, actual) {
  return Math.max(
    ...expected.map((array, i) => {
      const size = array.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      return array.reduce(
        (most, x, e) => Math.max(most, x === actual[i][e] ? 0 : Math.abs(x - actual[i][e]) / size),
        0,
      );
    }),
  );
}

/** A buffer of the device with a copy. */
function upload(data) {
  const dtype = { Float32Array: 'float32', Float64Array: 'float64', Int32Array: 'int32', Uint8Array: 'bool' };
  const buffer = device.alloc(dtype[data.constructor.name], data.length);
  device.write(buffer, data);
  return buffer;
}

const temporaries = (plan) => {
  const used = plan.slots.filter((slot) => slot.role === 'temporary' && slot.offset !== undefined);
  return used.reduce(
    (sum, { dtype, length }) => sum + length * (dtype === 'float64' ? 8 : dtype === 'bool' ? 1 : 4),
    0,
  );
};
const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];

/** Milliseconds of processor time at best: what something takes that runs once, whatever else the machine does. */
function fastest(f, seconds) {
  let best = Infinity;
  for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
    const start = process.cpuUsage();
    f();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

/** Milliseconds of each function, interleaved. */
function race(functions, seconds = 1) {
  const times = functions.map(() => []);
  const until = performance.now() + seconds * 1000;
  for (let round = 0; round < 5 || performance.now() < until; round++) {
    functions.forEach((f, i) => {
      const start = performance.now();
      f();
      if (round > 1) times[i].push(performance.now() - start);
    });
  }
  return times.map(median);
}

console.log('program                          kernels      temporaries kB      ms to run            passes ms');
for (const [name, program] of Object.entries(workloads(jacobi))) {
  if (only !== undefined && !name.includes(only)) continue;
  const { plan, inputs, outputs } = planOf(program);
  const start = performance.now();
  const options = { zeros: exact ? 'exact' : 'vanish' };
  const after = fusePlan(plan, options);
  const first = performance.now() - start;
  if (print) console.log(`${printPlan(plan)}\n\n${printPlan(after)}`);
  const own = fastest(() => fusePlan(plan, options), 0.3);
  const executables = [plan, after].map((p) => device.compile(p));
  const sources = inputs.map(upload);
  const targets = outputs.map(upload);
  const runs = executables.map((executable) => () => device.run(executable, sources, targets));
  const results = runs.map((run) => {
    run();
    return targets.map((buffer) => device.readSync(buffer).slice());
  });
  const error = worst(...results);
  const [before, now] = race(runs);
  const pair = (a, b, digits = 0) => `${a.toFixed(digits)} → ${b.toFixed(digits)}`;
  console.log(
    name.padEnd(32),
    pair(plan.steps.length, after.steps.length).padEnd(12),
    pair(temporaries(plan) / 1024, temporaries(after) / 1024).padEnd(19),
    pair(before, now, 3).padEnd(20),
    `${own.toFixed(2)} (first ${first.toFixed(1)})`,
    error === 0 ? '' : `results differ by ${error.toPrecision(2)}`,
  );
}
