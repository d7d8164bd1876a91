/**
 * The conformance suite: what a backend has to do, as tests that its author runs. The one idea: it reads only through
 * `read` and asks only what `Backend` promises, so a device that is asynchronous or lacks float64 is tested as well.
 * Must not import any particular backend, nor a test runner: that is handed in.
 */
import {
  contractedSpecials,
  contractions,
  epilogues,
  largeContractions,
  viewedContractions,
} from './conformance-contract.ts';
import { gathers, randoms, scans, scatters } from './conformance-index.ts';
import type { Case, TestKit } from './conformance-kit.ts';
import { canRun, difference, integers, runCase, testCases, upload } from './conformance-kit.ts';
import { copies, edges, fills, functions, mixtures, pairs, programs } from './conformance-map.ts';
import { fusions, plans } from './conformance-plan.ts';
import { orders, positions, prologues, reductions, specials, sums, windows } from './conformance-reduce.ts';
import { straightened, straightLines } from './conformance-straight.ts';
import type { Backend, DType } from './index.ts';

export type { TestKit } from './conformance-kit.ts';

/**
 * Declares the suite for one backend. `make` is called once; the backend is disposed of at the end by nobody.
 *
 * ```ts
 * import { describe, expect, test } from 'vitest';
 * describeBackend('cpu', createCpuBackend, { describe, test, expect });
 * ```
 */
export function describeBackend(name: string, make: () => Backend | Promise<Backend>, kit: TestKit): void {
  let made: Promise<Backend> | undefined;
  const backend = (): Promise<Backend> => (made ??= Promise.resolve(make()));
  const cases = (title: string, list: () => Iterable<Case>): void => testCases(kit, title, backend, list);
  kit.describe(`conformance of ${name}`, () => {
    kit.describe('buffers', () => describeBuffers(kit, backend));
    kit.describe('map', () => {
      cases('copies from every layout to every layout', copies);
      cases('fills', fills);
      cases('takes two operands in any layout', pairs);
      cases('compares, chooses and casts', mixtures);
      cases('keeps NaN, infinities and wrap-around', edges);
      cases('evaluates bodies of several steps', programs);
      cases('computes functions of analysis', functions);
    });
    kit.describe('reduce', () => {
      cases('reduces any axes of any layout', reductions);
      cases('combines what a prologue makes', prologues);
      cases('reads overlapping windows', windows);
      cases('sums without losing accuracy', sums);
      cases('keeps NaN and infinities', specials);
      cases('finds first positions of extremes', positions);
      kit.test('adds in an order that memory layout does not change', async () => {
        const dtypes: DType[] = (await backend()).traits.float64 ? ['float32', 'float64'] : ['float32'];
        kit.expect(await disagreements(await backend(), dtypes.flatMap(orders))).toEqual([]);
      });
    });
    kit.describe('contract', () => {
      cases('contracts any groups of axes', contractions);
      cases('contracts large groups', largeContractions);
      cases('reads repeated and overlapping operands', viewedContractions);
      cases('keeps NaN, wrap-around and accuracy', contractedSpecials);
      cases('makes of results what an epilogue says', epilogues);
    });
    kit.describe('index', () => {
      cases('gathers', gathers);
      cases('scatters', scatters);
      cases('scans', scans);
      cases('makes random words', randoms);
    });
    kit.describe('straight', () => cases('runs bodies over rows', straightLines));
    kit.describe('plans', () => describePlans(kit, backend));
  });
}

function describeBuffers(kit: TestKit, make: () => Promise<Backend>): void {
  kit.test('keep what was written, each by itself', async () => {
    const backend = await make();
    const dtypes: DType[] = ['float32', 'int32', 'bool', ...(backend.traits.float64 ? (['float64'] as const) : [])];
    const lengths = [0, 1, 3, 16, 17, 63, 64, 65, 500, 1000, 1024, 1025, 5000, 100000];
    const data = lengths.flatMap((length) => dtypes.map((dtype, i) => integers(dtype, length, i + 1)));
    const buffers = data.map((array) => upload(backend, array));
    const problems: string[] = [];
    for (const [i, buffer] of buffers.entries()) {
      if (buffer.length !== data[i]!.length) problems.push(`a buffer of ${data[i]!.length} says ${buffer.length}`);
      const problem = difference(await backend.read(buffer), data[i]!, 0);
      if (problem) problems.push(`${data[i]!.constructor.name}(${data[i]!.length}): ${problem}`);
    }
    kit.expect(problems).toEqual([]);
    for (const buffer of buffers) backend.free(buffer);
  });

  kit.test('say the same at once where they can', async () => {
    const backend = await make();
    kit.expect(backend.readSync !== undefined).toBe(backend.traits.syncRead);
    const buffer = upload(backend, integers('float32', 40));
    const problem = backend.readSync && difference(backend.readSync(buffer), integers('float32', 40), 0);
    kit.expect(problem ?? '').toBe('');
  });

  kit.test('can be written again', async () => {
    const backend = await make();
    const buffer = upload(backend, integers('int32', 40, 1));
    backend.write(buffer, integers('int32', 40, 2));
    kit.expect(difference(await backend.read(buffer), integers('int32', 40, 2), 0)).toBe('');
  });
}

function describePlans(kit: TestKit, make: () => Promise<Backend>): void {
  testCases(kit, 'run with temporaries, constants and several outputs', make, plans);

  kit.test('run again and again', async () => {
    const backend = await make();
    const problems: string[] = [];
    for (const example of plans()) {
      if (!canRun(backend, example.plan)) continue;
      const { actual, expected } = await runCase(backend, example, 3);
      actual.forEach((data, i) => problems.push(difference(data, expected[i]!, 0)));
    }
    kit.expect(problems.filter((problem) => problem !== '')).toEqual([]);
  });

  kit.test('give the same bits fused and apart', async () => {
    const backend = await make();
    const pairs = [...fusions(), ...straightened()].filter(([one]) => canRun(backend, one.plan));
    kit.expect(await disagreements(backend, pairs)).toEqual([]);
  });

  kit.test('are counted', async () => {
    const backend = await make();
    const before = backend.stats();
    const [example] = plans();
    await runCase(backend, example!, 3);
    const after = backend.stats();
    kit.expect([after.compiles - before.compiles, after.runs - before.runs]).toEqual([1, 3]);
  });
}

/** Pairs of cases that must agree to the last bit, and with the oracle within their tolerance. */
async function disagreements(backend: Backend, pairs: readonly [Case, Case][]): Promise<string[]> {
  const problems: string[] = [];
  for (const [a, b] of pairs) {
    const [one, other] = [await runCase(backend, a), await runCase(backend, b)];
    one.actual.forEach((data, i) => {
      const differs = difference(other.actual[i]!, data, 0);
      if (differs) problems.push(`${b.title} against ${a.title}: ${differs}`);
      const wrong = difference(data, one.expected[i]!, a.tolerance ?? 0);
      if (wrong) problems.push(`${a.title}: ${wrong}`);
    });
  }
  return problems;
}
