/**
 * What the conformance cases are made of: data, layouts, a sketch of a plan, and the check against the oracle.
 * The one idea: a case is a plan with its inputs; what it should give, the oracle says.
 * Must not import any particular backend, nor a test runner: that is handed in.
 */
import type { Access, Backend, BufferRef, DType, Kernel, Plan, Slot, TypedArray } from './index.ts';
import { allocate, bytesPerElement, dtypeOf, rowMajor } from './index.ts';
import { interpret } from './oracle.ts';

/** What a test runner has to offer: Vitest's and others' functions of these names fit. */
export interface TestKit {
  readonly describe: (name: string, body: () => void) => void;
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly expect: (value: unknown) => { toBe(expected: unknown): void; toEqual(expected: unknown): void };
}

/** A plan with inputs. The results may be off by `tolerance` times their size; without one they must be exact. */
export interface Case {
  readonly title: string;
  readonly plan: Plan;
  readonly inputs: readonly TypedArray[];
  readonly tolerance?: number | undefined;
}

/** Pseudorandom whole numbers of −9 … 9 (0 and 1 for bool): sums and products of a few of them are exact. */
export function integers(dtype: DType, length: number, seed = 1): TypedArray {
  const data = allocate(dtype, length);
  let state = seed * 7919 + length;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    data[i] = dtype === 'bool' ? (state >> 16) & 1 : ((state >> 16) % 19) - 9;
  }
  return data;
}

/** Pseudorandom fractions of 0.5 … 1.5: their sums do not cancel, so a relative error is meaningful. */
export function fractions(dtype: DType, length: number, seed = 1): TypedArray {
  const data = allocate(dtype, length);
  let state = seed * 104729 + length;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    data[i] = 0.5 + state / 0x7fffffff;
  }
  return data;
}

/** A way to lay out a shape in a buffer. */
export interface Layout {
  readonly name: string;
  readonly offset: number;
  readonly strides: readonly number[];
  /** Elements of the buffer. */
  readonly length: number;
}

/** Row-major, from `offset`. */
export function contiguous(shape: readonly number[], offset = 0): Layout {
  return { name: 'contiguous', offset, strides: rowMajor(shape), length: offset + shape.reduce((a, b) => a * b, 1) };
}

/** Axes in memory in the order of `order`, outermost first; each `step` times as far apart as need be. */
export function permuted(shape: readonly number[], order: readonly number[], step = 1, offset = 0): Layout {
  const strides = new Array<number>(shape.length);
  let stride = step;
  for (const axis of order.toReversed()) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return { name: `axes ${order.join('')} step ${step}`, offset, strides, length: offset + Math.max(stride, 1) };
}

/** Row-major, but every axis that `axes` names runs backwards. */
export function reversed(shape: readonly number[], axes: readonly number[]): Layout {
  const { strides, length } = contiguous(shape);
  const flipped = strides.map((s, i) => (axes.includes(i) ? -s : s));
  const offset = axes.reduce((sum, axis) => sum + Math.max(shape[axis]! - 1, 0) * strides[axis]!, 0);
  return { name: `axes ${axes.join('')} reversed`, offset, strides: flipped, length };
}

/** Row-major over the axes that `axes` does not name; those repeat. */
export function repeated(shape: readonly number[], axes: readonly number[]): Layout {
  const { strides, length } = contiguous(shape.map((size, axis) => (axes.includes(axis) ? 1 : size)));
  return {
    name: `axes ${axes.join('')} repeated`,
    offset: 0,
    strides: strides.map((s, i) => (axes.includes(i) ? 0 : s)),
    length,
  };
}

/** Layouts without repetition: fit for outputs. */
export function outputLayouts(shape: readonly number[]): Layout[] {
  const order = shape.map((_, axis) => axis);
  const layouts = [contiguous(shape), contiguous(shape, 3), permuted(shape, order, 2, 1)];
  if (shape.length > 0) layouts.push(reversed(shape, [shape.length - 1]), reversed(shape, order));
  if (shape.length > 1)
    layouts.push(permuted(shape, order.toReversed()), permuted(shape, [...order.slice(1), 0], 1, 2));
  return layouts;
}

/** All layouts, fit for inputs. */
export function inputLayouts(shape: readonly number[]): Layout[] {
  const axes = shape.map((_, axis) => axis);
  const layouts = outputLayouts(shape);
  if (shape.length > 0) layouts.push(repeated(shape, axes), repeated(shape, [0]));
  if (shape.length > 1) layouts.push(repeated(shape, [shape.length - 1]));
  return layouts;
}

/** A plan in the making. Temporaries lie one after the other unless they say where. */
export class Sketch {
  readonly #slots: Slot[] = [];
  readonly #steps: Kernel[] = [];
  readonly #data: TypedArray[] = [];
  #arena = 0;

  input(data: TypedArray): number {
    this.#data.push(data);
    return this.#add({ dtype: dtypeOf(data)!, length: data.length, role: 'input' });
  }

  constant(data: TypedArray): number {
    return this.#add({ dtype: dtypeOf(data)!, length: data.length, role: 'constant', data });
  }

  output(dtype: DType, length: number): number {
    return this.#add({ dtype, length, role: 'output' });
  }

  temporary(dtype: DType, length: number, offset: number = this.#arena): number {
    this.#arena = Math.max(this.#arena, Math.ceil((offset + length * bytesPerElement(dtype)) / 16) * 16);
    return this.#add({ dtype, length, role: 'temporary', offset });
  }

  step(kernel: Kernel): this {
    this.#steps.push(kernel);
    return this;
  }

  /** The case: slots in the order in which they were asked for. */
  case(title: string, tolerance?: number): Case {
    const of = (role: Slot['role']): number[] => [...this.#slots.keys()].filter((i) => this.#slots[i]!.role === role);
    const plan: Plan = {
      format: 1,
      slots: this.#slots,
      inputs: of('input'),
      outputs: of('output'),
      steps: this.#steps,
      arenaBytes: this.#arena,
    };
    return { title, plan, inputs: this.#data, tolerance };
  }

  #add(slot: Slot): number {
    return this.#slots.push(slot) - 1;
  }
}

/** An access to a slot with a layout. */
export function accessTo(slot: number, { offset, strides }: Layout): Access {
  return { slot, offset, strides };
}

/** What an output holds before a plan overwrites it. */
function junk(dtype: DType, length: number): TypedArray {
  return allocate(dtype, length).fill(dtype === 'bool' ? 1 : 77);
}

/** A buffer with a copy of `data`. */
export function upload(backend: Backend, data: TypedArray): BufferRef {
  const buffer = backend.alloc(dtypeOf(data)!, data.length);
  backend.write(buffer, data);
  return buffer;
}

/** What a case gives on a backend, and what the oracle says. */
export interface Outcome {
  readonly actual: readonly TypedArray[];
  readonly expected: readonly TypedArray[];
}

/** Runs a case `times` times on the same buffers. */
export async function runCase(backend: Backend, { plan, inputs }: Case, times = 1): Promise<Outcome> {
  const expected = plan.outputs.map((slot) => junk(plan.slots[slot]!.dtype, plan.slots[slot]!.length));
  const executable = backend.compile(plan);
  const sources = inputs.map((data) => upload(backend, data));
  const targets = expected.map((data) => upload(backend, data));
  for (let i = 0; i < times; i++) backend.run(executable, sources, targets);
  const actual = await Promise.all(targets.map(async (buffer) => (await backend.read(buffer)).slice()));
  const after = await Promise.all(sources.map((buffer) => backend.read(buffer)));
  interpret(plan, inputs, expected);
  for (const buffer of [...sources, ...targets]) backend.free(buffer);
  after.forEach((data, i) => {
    const problem = difference(data, inputs[i]!, 0);
    if (problem) throw new Error(`input ${i} was written to: ${problem}`);
  });
  return { actual, expected };
}

/** The first difference and the worst one; empty if there is none. NaN equals NaN only, −0 equals 0. */
export function difference(actual: TypedArray, expected: TypedArray, tolerance: number): string {
  if (actual.length !== expected.length) return `${actual.length} elements instead of ${expected.length}`;
  if (dtypeOf(actual) !== dtypeOf(expected)) return `${dtypeOf(actual)} instead of ${dtypeOf(expected)}`;
  let first = '';
  let worst = 0;
  let count = 0;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (a === e || (a !== a && e !== e)) continue;
    const error = Math.abs(a - e);
    if (error <= tolerance * Math.abs(e)) continue;
    first ||= `[${i}] is ${a} instead of ${e}`;
    worst = Math.max(worst, error);
    count++;
  }
  return first && `${first}; ${count} of ${expected.length} differ, by ${worst} at most`;
}

/** Differences of all outputs of a case; empty if there are none. */
async function problemsOf(backend: Backend, example: Case): Promise<string[]> {
  const { actual, expected } = await runCase(backend, example);
  return actual.flatMap((data, i) => {
    const problem = difference(data, expected[i]!, example.tolerance ?? 0);
    return problem ? [`${example.title}, output ${i}: ${problem}`] : [];
  });
}

/** One test over many cases: the list of what is wrong must be empty. */
export function testCases(kit: TestKit, name: string, make: () => Promise<Backend>, cases: () => Iterable<Case>): void {
  kit.test(name, async () => {
    const backend = await make();
    const examples = [...cases()].filter(({ plan }) => canRun(backend, plan));
    // All at once: a device whose reads are late need not be waited for thousands of times.
    const problems = (await Promise.all(examples.map((example) => problemsOf(backend, example)))).flat();
    kit.expect(problems).toEqual([]);
  });
}

/** False for plans in float64 on a device that has none. */
export function canRun(backend: Backend, plan: Plan): boolean {
  return backend.traits.float64 || plan.slots.every((slot) => slot.dtype !== 'float64');
}
