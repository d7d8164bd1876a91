/**
 * The suite must notice faults: it is run against CPU backends that misread one thing in their plans each.
 */
import { fullCpuBackend } from '@jacobi/testing';
import { expect, test } from 'vitest';
import type { Backend } from './backend.ts';
import { describeBackend } from './conformance.ts';
import type { Access, Kernel } from './kernel.ts';

/** Titles of the tests of one group that fail for a backend. */
async function failures(group: string, backend: Backend): Promise<string[]> {
  const tests: [string, () => Promise<void>][] = [];
  const same = (actual: unknown, expected: unknown): void => {
    if (JSON.stringify(actual) !== JSON.stringify(expected)) throw new Error('differs');
  };
  describeBackend('faulty', () => backend, {
    describe: (name, body) => (name === group || name === 'conformance of faulty' ? body() : undefined),
    test: (name, body) => void tests.push([name, body]),
    expect: (value) => ({ toBe: (other) => same(value, other), toEqual: (other) => same(value, other) }),
  });
  const failed: string[] = [];
  for (const [name, body] of tests) await body().catch(() => failed.push(name));
  expect(tests.length).toBeGreaterThan(1);
  return failed;
}

/** A CPU backend that sees every kernel through `misread`. */
function misreading(misread: (kernel: Kernel) => Kernel): Backend {
  const cpu = fullCpuBackend();
  const compile: Backend['compile'] = (plan) => cpu.compile({ ...plan, steps: plan.steps.map(misread) });
  return { ...cpu, compile };
}

const turned = (access: Access): Access => ({ ...access, strides: access.strides.toReversed() });

/** Group, what goes wrong, and how. */
const FAULTS: readonly (readonly [string, string, (kernel: Kernel) => Kernel])[] = [
  [
    'map',
    'forgets offsets of inputs',
    (k) => (k.kind === 'map' ? { ...k, inputs: k.inputs.map((access) => ({ ...access, offset: 0 })) } : k),
  ],
  ['map', 'runs the steps of a body but the last', (k) => (k.kind === 'map' ? { ...k, body: k.body.slice(0, -1) } : k)],
  [
    'contract',
    'transposes its products',
    (k) => (k.kind === 'contract' && k.output.strides.length === 2 ? { ...k, output: turned(k.output) } : k),
  ],
  [
    'contract',
    'forgets the last term',
    (k) => (k.kind === 'contract' && k.k[0]! > 1 ? { ...k, k: [k.k[0]! - 1, ...k.k.slice(1)] } : k),
  ],
  ['reduce', 'sums over the wrong strides', (k) => (k.kind === 'reduce' ? { ...k, input: turned(k.input) } : k)],
  ['reduce', 'takes any extreme for the first', (k) => (k.kind === 'argreduce' ? { ...k, largest: !k.largest } : k)],
  [
    'reduce',
    'drops NaN',
    (k) =>
      k.kind === 'reduce' && k.reducer.name === 'max'
        ? { ...k, reducer: { name: 'max', identity: -Infinity, js: (a, b) => (a > b ? a : b) } }
        : k,
  ],
  ['index', 'scans forward only', (k) => (k.kind === 'scan' ? { ...k, reverse: false } : k)],
  ['index', 'forgets a batch', (k) => (k.kind === 'gather' && k.batch > 1 ? { ...k, batch: k.batch - 1 } : k)],
  ['index', 'scatters a few updates only', (k) => (k.kind === 'scatter' && k.count > 3 ? { ...k, count: 3 } : k)],
  ['index', 'swaps keys and counters', (k) => (k.kind === 'random' ? { ...k, keys: k.output } : k)],
];

test.each(FAULTS)('%s: the suite notices a backend that %s', async (group, _, fault) => {
  expect(await failures(group, misreading(fault))).not.toEqual([]);
});

test('the suite notices that temporaries share memory that they should not', async () => {
  const cpu = fullCpuBackend();
  const compile: Backend['compile'] = (plan) =>
    cpu.compile({ ...plan, slots: plan.slots.map((slot) => (slot.offset ? { ...slot, offset: 0 } : slot)) });
  expect(await failures('plans', { ...cpu, compile })).not.toEqual([]);
});
