/* Goals, tables and the chart, from results made by hand. */
import { expect, test } from 'vitest';
import { WORKLOADS } from '../inputs/workloads.ts';
import { chart } from './chart.ts';
import { GOALS } from './goals.ts';
import type { Cell, Results } from './results.ts';
import { heading, markdown, timesTable, troubles } from './table.ts';
import { verdicts } from './verdict.ts';

const cell = (workload: string, competitor: string, median?: number, failed?: string): Cell => ({
  workload,
  competitor,
  dtype: competitor.startsWith('tfjs') ? 'float32' : workload === 'arm7' ? 'float64' : 'float32',
  idioms: [],
  processes: 2,
  ...(median !== undefined && { median, least: median, greatest: median, first: 1 }),
  ...(failed !== undefined && { failed }),
});

const results: Results = {
  format: 1,
  date: '2026-11-23',
  machine: { processor: 'a processor', cores: 2, memory: '24 GiB', system: 'linux 6.1' },
  engines: ['v20.1.0'],
  form: 'short',
  rounds: 2,
  workloads: WORKLOADS.filter(({ id }) => ['seed1', 'arm7', 'matmul512', 'dispatch1000'].includes(id)),
  competitors: [
    { id: 'jacobi-wasm', title: 'Jacobi wasm', kind: 'jacobi', engine: 'v20.1.0', version: '0.0.0' },
    { id: 'tfjs-wasm', title: 'TensorFlow.js wasm', kind: 'javascript', engine: 'v20.1.0', version: '4.22.0' },
    { id: 'jax', title: 'JAX', kind: 'python', engine: undefined, version: '1.0' },
    { id: 'cpp-duals', title: 'C++ dual numbers', kind: 'bare', engine: undefined, version: '12' },
    { id: 'limit', title: 'WebAssembly at most', kind: 'limit', engine: 'v20.1.0', version: 'v20.1.0' },
  ],
  skipped: [{ title: 'PyTorch', reason: 'no Python here has torch' }],
  cells: [
    cell('seed1', 'jacobi-wasm', 2),
    cell('seed1', 'tfjs-wasm', 40),
    cell('seed1', 'jax', 12),
    cell('arm7', 'jacobi-wasm', 0.5),
    cell('arm7', 'tfjs-wasm', 700),
    cell('arm7', 'cpp-duals', 0.6),
    cell('arm7', 'jax', undefined, 'Error: no'),
    cell('matmul512', 'jacobi-wasm', 11_000),
    cell('matmul512', 'tfjs-wasm', 10_000),
    cell('matmul512', 'limit', 9900),
    cell('dispatch1000', 'jacobi-wasm', 900),
  ],
};

const verdict = (workload: string, what: string) =>
  verdicts(results, 'jacobi-wasm').find((each) => each.workload === workload && each.what.startsWith(what));

test('goals name workloads and are judged by the best rival of the same engine', () => {
  const known = new Set([...WORKLOADS.map(({ id }) => id), 'first']);
  for (const { workload } of GOALS) expect(known).toContain(workload);
  expect(verdict('seed1', 'peers')).toMatchObject({ measured: '6×', wanted: '10×', met: false });
  expect(verdict('arm7', 'C++ dual')).toMatchObject({ measured: '1.2×', met: true });
  expect(verdict('matmul512', 'limit')).toMatchObject({ measured: '0.9×', wanted: '0.8×', met: true });
  expect(verdict('dispatch1000', 'at most')).toMatchObject({ wanted: '1 ms', met: true });
  expect(verdict('arm7', 'C++, straight-line')).toMatchObject({ measured: 'not measured', met: undefined });
  expect(verdict('ba', 'peers')).toBeUndefined();
});

test('tables say dtypes that differ, failures and what was skipped', () => {
  expect(timesTable(results, 'v20.1.0')).toMatchInlineSnapshot(`
    "| workload     | Jacobi wasm | TensorFlow.js wasm |    JAX | C++ dual numbers | WebAssembly at most |
    | :----------- | ----------: | -----------------: | -----: | ---------------: | ------------------: |
    | seed1        |        2 µs |              40 µs |  12 µs |                – |                   – |
    | arm7         |      500 ns |   700 µs (float32) | failed |           600 ns |                   – |
    | matmul512    |       11 ms |              10 ms |      – |                – |              9.9 ms |
    | dispatch1000 |      900 µs |                  – |      – |                – |                   – |"
  `);
  expect(troubles(results)).toBe('- arm7, JAX: failed: Error: no\n- PyTorch: skipped: no Python here has torch');
  expect(heading(results)).toContain('2026-11-23, 2 cores of a processor');
  expect(markdown(results, verdicts(results, 'jacobi-wasm'))).toContain('## Goals');
});

test('the chart is an SVG with date, machine and everyone measured', async () => {
  const svg = await chart(results, 'jacobi-wasm');
  expect(svg).toMatch(/^<svg[^]*<\/svg>\n$/);
  for (const text of ['2026-11-23', 'a processor', 'TensorFlow.js wasm', 'C++ dual numbers', 'seed1'])
    expect(svg).toContain(text);
  expect(svg).not.toContain('WebAssembly at most');
});
