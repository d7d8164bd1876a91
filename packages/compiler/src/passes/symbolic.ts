/**
 * A plan run on terms.
 * The one idea: what a kernel does to numbers it does to terms, element by element; an odometer walks every space.
 * Must not import tensors or programs.
 */
import type {
  Access,
  BackendTraits,
  ContractKernel,
  GatherKernel,
  Kernel,
  Lane,
  MapKernel,
  Plan,
  ReduceKernel,
  Reducer,
  ScalarFunction,
  ScanKernel,
  ScatterKernel,
} from '@jacobi/backend';
import { sizeOf } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { held } from './exact.ts';
import type { Term, Terms } from './terms.ts';

/** Why a plan has no straight line: thrown, and caught where straight lines are made. */
export class NotStraight extends Error {}

/** The reason of a plan that is too large: what it would take, and what to do. */
export const tooLarge = (what: string): NotStraight => new NotStraight(`${what}; smaller programs may be`);

const EMPTY = -1;
/** Loads, steps and stores that a line may have: so many in all, or for each kernel that it takes the place of. */
const MOST_STEPS = 16_384;
const MOST_STEPS_A_KERNEL = 32;
/** Terms for each of them: what else a program computes rarely is as long as its results. */
const TERMS_A_STEP = 4;
/** Terms at most: keys have room for twice as many, and elimination needs some. */
const MOST_TERMS = 1_048_576;

/** Steps that a line in place of a plan may have: more take too long to compile, longer than fusion of the kernels would. */
export const mostSteps = ({ steps }: Plan): number => Math.max(MOST_STEPS, MOST_STEPS_A_KERNEL * steps.length);

/** The terms of all slots while a plan runs. */
export class Symbols {
  readonly #slots: (Int32Array | undefined)[] = [];
  readonly #most: number;

  constructor(
    readonly terms: Terms,
    readonly plan: Plan,
    /** Where a row finds an element of a slot that comes from outside. */
    readonly laneOf: (slot: number, index: number) => Lane,
    /** In which order and precision the device sums. */
    readonly traits: Pick<BackendTraits, 'reductionLanes' | 'doubleSums' | 'float64'>,
  ) {
    this.#most = Math.min(TERMS_A_STEP * mostSteps(plan), MOST_TERMS);
  }

  /** A slot's terms; what has not been written or read yet is empty. */
  of(slot: number): Int32Array {
    return (this.#slots[slot] ??= new Int32Array(this.plan.slots[slot]!.length).fill(EMPTY));
  }

  read(slot: number, index: number): Term {
    const own = this.of(slot);
    const known = own[index]!;
    if (known !== EMPTY) return known;
    const { data, dtype, role } = this.plan.slots[slot]!;
    if (role === 'temporary') throw new NotStraight(`slot ${slot} is read before it is written`);
    const term =
      data === undefined ? this.terms.load(this.laneOf(slot, index), dtype) : this.terms.constant(data[index]!, dtype);
    own[index] = term;
    return term;
  }

  write(slot: number, index: number, term: Term): void {
    if (this.terms.size > this.#most) throw tooLarge(`over ${this.#most} terms`);
    this.of(slot)[index] = this.terms.cast(term, this.plan.slots[slot]!.dtype);
  }
}

/** Runs one kernel. */
export function runSymbolic(symbols: Symbols, kernel: Kernel): void {
  switch (kernel.kind) {
    case 'map':
      return runMap(symbols, kernel);
    case 'reduce':
      return runReduce(symbols, kernel);
    case 'contract':
      return runContract(symbols, kernel);
    case 'gather':
      return runGather(symbols, kernel);
    case 'scatter':
      return runScatter(symbols, kernel);
    case 'scan':
      return runScan(symbols, kernel);
    case 'argreduce':
    case 'random':
    case 'straight':
      throw noForm(kernel);
    default:
      return kernel satisfies never;
  }
}

/** Elements and products of one sum: longer ones are taken in blocks, in an order that is the backend's own. */
const MOST_ELEMENTS = 256;
const MOST_PRODUCTS = 128;

/** Throws NotStraight if a kernel can't run on terms, whatever its indices are. */
export function checkForm(kernel: Kernel): void {
  const { kind } = kernel;
  if (workOf(kernel) === Infinity || (kind === 'reduce' && !COMBINE.has(kernel.reducer))) throw noForm(kernel);
  const most = kind === 'reduce' ? MOST_ELEMENTS : MOST_PRODUCTS;
  const terms = sizeOf(kind === 'reduce' ? kernel.reduced : kind === 'contract' ? kernel.k : []);
  if (terms > most) throw new NotStraight(`a sum of ${terms} elements, of ${most} at most`);
}

const noForm = ({ kind }: Kernel): NotStraight => new NotStraight(`${kind} has no straight form`);

/** Steps that running a kernel on terms takes. */
export function workOf(kernel: Kernel): number {
  const size = (...shapes: readonly (readonly number[])[]): number => sizeOf(shapes.flat());
  switch (kernel.kind) {
    case 'map':
      return size(kernel.shape) * (kernel.body.length + 1);
    case 'reduce':
      return size(kernel.kept, kernel.reduced);
    case 'contract':
      return 2 * size(kernel.batch, kernel.m, kernel.n, kernel.k);
    case 'gather':
    case 'scatter':
      return kernel.batch * kernel.outer * kernel.count * kernel.inner;
    case 'scan':
      return 2 * kernel.outer * kernel.length * kernel.inner;
    case 'argreduce':
    case 'random':
    case 'straight':
      return Infinity;
    default:
      return kernel satisfies never;
  }
}

/** Calls `visit` for every index, row-major, with the positions of the accesses in `at`. */
function walk(shape: readonly number[], accesses: readonly Access[], at: number[], visit: () => void): void {
  const index = shape.map(() => 0);
  if (shape.includes(0)) return;
  accesses.forEach((access, i) => (at[i] = access.offset));
  for (;;) {
    visit();
    let axis = shape.length - 1;
    for (; axis >= 0; axis--) {
      const more = ++index[axis]! < shape[axis]!;
      const by = more ? 1 : 1 - shape[axis]!;
      for (let i = 0; i < accesses.length; i++) at[i]! += by * accesses[i]!.strides[axis]!;
      if (more) break;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

function runMap(symbols: Symbols, { shape, inputs, output, body }: MapKernel): void {
  const { terms } = symbols;
  const accesses = [...inputs, output];
  const at: number[] = [];
  const values: Term[] = [];
  const count = inputs.length;
  const result = body.length === 0 ? 0 : count + body.length - 1;
  // Constants are the same for all elements.
  body.forEach((step, i) => {
    if ('constant' in step) values[count + i] = terms.constant(step.constant, 'float64');
  });
  walk(shape, accesses, at, () => {
    for (let i = 0; i < count; i++) values[i] = symbols.read(inputs[i]!.slot, at[i]!);
    for (let i = 0; i < body.length; i++) {
      const step = body[i]!;
      if ('constant' in step) continue;
      const [a, b, c] = step.args;
      values[count + i] = terms.call(step.fn, step.dtype, values[a!]!, values[b!], values[c!]);
    }
    symbols.write(output.slot, at[count]!, values[result]!);
  });
}

/** What reducers combine with. */
export const COMBINE: ReadonlyMap<Reducer, ScalarFunction> = /* @__PURE__ */ new Map([
  [scalar.sumReducer, scalar.add],
  [scalar.prodReducer, scalar.mul],
  [scalar.maxReducer, scalar.maximum],
  [scalar.minReducer, scalar.minimum],
  [scalar.anyReducer, scalar.logicalOr],
  [scalar.allReducer, scalar.logicalAnd],
]);

function runReduce(symbols: Symbols, { kept, reduced, input, output, reducer, accumulate }: ReduceKernel): void {
  const { terms } = symbols;
  const fn = COMBINE.get(reducer)!;
  const outer: number[] = [];
  const inner: number[] = [];
  const rank = kept.length;
  walk(kept, [{ ...input, strides: input.strides.slice(0, rank) }, output], outer, () => {
    const lanes: Term[] = [];
    let count = 0;
    walk(reduced, [{ slot: input.slot, offset: outer[0]!, strides: input.strides.slice(rank) }], inner, () => {
      const term = symbols.read(input.slot, inner[0]!);
      const lane = count++ % symbols.traits.reductionLanes;
      lanes[lane] =
        lane === lanes.length ? terms.cast(term, accumulate) : terms.call(fn, accumulate, lanes[lane]!, term);
    });
    for (let half = symbols.traits.reductionLanes / 2; half >= 1; half /= 2) {
      for (let i = half; i < lanes.length; i++)
        lanes[i - half] = terms.call(fn, accumulate, lanes[i - half]!, lanes[i]);
      lanes.length = Math.min(lanes.length, half);
    }
    symbols.write(output.slot, outer[1]!, lanes[0] ?? terms.constant(emptyOf(reducer, accumulate), accumulate));
  });
}

/** The identity, or the nearest number that the dtype can hold. */
function emptyOf({ identity }: Reducer, dtype: ReduceKernel['accumulate']): number {
  if (dtype === 'int32') return Math.min(Math.max(identity, -2147483648), 2147483647);
  return held(identity, dtype);
}

function runContract(symbols: Symbols, kernel: ContractKernel): void {
  const { batch, m, n, k, left, right, output } = kernel;
  const accumulate = symbols.traits.doubleSums && kernel.accumulate === 'float32' ? 'float64' : kernel.accumulate;
  const { terms } = symbols;
  const [b, bm, bn] = [batch.length, batch.length + m.length, batch.length + n.length];
  const zeros = (sizes: readonly number[]): number[] => sizes.map(() => 0);
  const x = [...left.strides.slice(0, bm), ...zeros(n)];
  const y = [...right.strides.slice(0, b), ...zeros(m), ...right.strides.slice(b, bn)];
  const outer: number[] = [];
  const inner: number[] = [];
  walk([...batch, ...m, ...n], [{ ...left, strides: x }, { ...right, strides: y }, output], outer, () => {
    let total = terms.constant(0, accumulate);
    const terms2 = [
      { slot: left.slot, offset: outer[0]!, strides: left.strides.slice(bm) },
      { slot: right.slot, offset: outer[1]!, strides: right.strides.slice(bn) },
    ];
    walk(k, terms2, inner, () => {
      const product = terms.call(
        scalar.mul,
        accumulate,
        symbols.read(left.slot, inner[0]!),
        symbols.read(right.slot, inner[1]!),
      );
      total = terms.call(scalar.add, accumulate, total, product);
    });
    symbols.write(output.slot, outer[2]!, total);
  });
}

/** An index that is known. */
function indexOf(symbols: Symbols, slot: number, at: number): number {
  const index = symbols.terms.value(symbols.read(slot, at));
  if (index === undefined) throw new NotStraight('an index is not known');
  return index;
}

function runGather(symbols: Symbols, kernel: GatherKernel): void {
  const { batch, outer, size, count, inner, source, indices, output } = kernel;
  const outside = symbols.plan.slots[output]!.dtype === 'int32' ? 0 : NaN;
  for (let block = 0; block < batch * outer; block++) {
    for (let i = 0; i < count; i++) {
      const index = indexOf(symbols, indices, Math.floor(block / outer) * count + i);
      const inside = index >= 0 && index < size;
      for (let r = 0; r < inner; r++) {
        const term = inside
          ? symbols.read(source, (block * size + index) * inner + r)
          : symbols.terms.constant(outside, 'float64');
        symbols.write(output, (block * count + i) * inner + r, term);
      }
    }
  }
}

function runScatter(symbols: Symbols, kernel: ScatterKernel): void {
  const { batch, outer, size, count, inner, updates, indices, output } = kernel;
  const { dtype } = symbols.plan.slots[output]!;
  for (let block = 0; block < batch * outer; block++) {
    for (let i = 0; i < count; i++) {
      const index = indexOf(symbols, indices, Math.floor(block / outer) * count + i);
      if (index < 0 || index >= size) continue;
      for (let r = 0; r < inner; r++) {
        const to = (block * size + index) * inner + r;
        const update = symbols.read(updates, (block * count + i) * inner + r);
        symbols.write(output, to, symbols.terms.call(scalar.add, dtype, symbols.read(output, to), update));
      }
    }
  }
}

/** Totals are carried in float64 where they are stored as float32, as the kernel does. */
function runScan(symbols: Symbols, kernel: ScanKernel): void {
  const { form, outer, length, inner, reverse, values, factors, output } = kernel;
  const { terms } = symbols;
  const { dtype } = symbols.plan.slots[output]!;
  const carry = dtype === 'float32' && symbols.traits.float64 ? 'float64' : dtype;
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < inner; r++) {
      let total: Term | undefined;
      for (let step = 0; step < length; step++) {
        const at = (o * length + (reverse ? length - 1 - step : step)) * inner + r;
        const value = symbols.read(values, at);
        if (total === undefined) total = terms.cast(value, carry);
        else if (form === 'product') total = terms.call(scalar.mul, carry, total, value);
        else {
          const carried: Term =
            form === 'sum' ? total : terms.call(scalar.mul, carry, symbols.read(factors!, at), total);
          total = terms.call(scalar.add, carry, value, carried);
        }
        symbols.write(output, at, total);
      }
    }
  }
}
