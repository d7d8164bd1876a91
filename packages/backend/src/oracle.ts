/**
 * A slow and obvious interpreter of plans: what the conformance suite compares backends with.
 * The one idea: an odometer over every iteration space and nothing clever, so that it can be checked by reading.
 * Must not import anything but the kernel IR. For tests only.
 */
import type {
  Access,
  ArgReduceKernel,
  ContractKernel,
  DType,
  GatherKernel,
  Kernel,
  Lane,
  MapKernel,
  Plan,
  RandomKernel,
  ReduceKernel,
  ScalarStep,
  ScanKernel,
  ScatterKernel,
  StraightKernel,
  TypedArray,
} from './index.ts';
import { allocate, dtypeOf, inputsOf } from './index.ts';

/** Runs `plan` on `inputs` and writes `outputs`; temporaries have memory of their own. */
export function interpret(plan: Plan, inputs: readonly TypedArray[], outputs: readonly TypedArray[]): void {
  const slots = plan.slots.map((slot) => slot.data ?? allocate(slot.dtype, slot.length));
  plan.inputs.forEach((slot, i) => (slots[slot] = inputs[i]!));
  plan.outputs.forEach((slot, i) => (slots[slot] = outputs[i]!));
  for (const kernel of plan.steps) {
    interpretKernel(
      kernel,
      slots,
      plan.slots.map((slot) => slot.dtype),
    );
  }
}

function interpretKernel(kernel: Kernel, slots: readonly TypedArray[], dtypes: readonly DType[]): void {
  switch (kernel.kind) {
    case 'map':
      return map(kernel, slots);
    case 'reduce':
      return reduce(kernel, slots);
    case 'argreduce':
      return argReduce(kernel, slots);
    case 'contract':
      return contract(kernel, slots, dtypes[kernel.output.slot] === 'int32');
    case 'gather':
      return gather(kernel, slots);
    case 'scatter':
      return scatter(kernel, slots);
    case 'scan':
      return scan(kernel, slots, dtypes[kernel.output] === 'int32');
    case 'random':
      return random(kernel, slots);
    case 'straight':
      return straight(kernel, slots);
    default:
      return kernel satisfies never;
  }
}

/** Every index of a shape, row-major; always in the same array. */
function* indicesOf(shape: readonly number[]): Generator<readonly number[]> {
  if (shape.includes(0)) return;
  const index = shape.map(() => 0);
  for (;;) {
    yield index;
    let axis = shape.length - 1;
    while (axis >= 0 && ++index[axis]! === shape[axis]) index[axis--] = 0;
    if (axis < 0) return;
  }
}

/** Where an access has the element of an index, which may come in pieces. */
function at(access: Access, index: readonly (readonly number[])[]): number {
  let position = access.offset;
  let axis = 0;
  for (const piece of index) for (const i of piece) position += i * access.strides[axis++]!;
  return position;
}

function load(slots: readonly TypedArray[], access: Access, ...index: readonly (readonly number[])[]): number {
  const position = at(access, index);
  const value = slots[access.slot]![position];
  if (value === undefined) throw new RangeError(`slot ${access.slot} has no element ${position}`);
  return value;
}

function store(
  slots: readonly TypedArray[],
  access: Access,
  value: number,
  ...index: readonly (readonly number[])[]
): void {
  const position = at(access, index);
  const out = slots[access.slot]!;
  if (!(position >= 0 && position < out.length)) throw new RangeError(`slot ${access.slot} has no element ${position}`);
  out[position] = value;
}

function round(value: number, dtype: DType): number {
  switch (dtype) {
    case 'float64':
    case 'bool':
      return value;
    case 'float32':
      return Math.fround(value);
    case 'int32':
      return value | 0;
  }
}

function map({ shape, inputs, output, body }: MapKernel, slots: readonly TypedArray[]): void {
  for (const index of indicesOf(shape)) {
    const values = inputs.map((access) => load(slots, access, index));
    compute(values, body);
    store(slots, output, body.length === 0 ? values[0]! : values.at(-1)!, index);
  }
}

/** Appends the values of a body's steps to those of its operands. */
function compute(values: number[], body: readonly ScalarStep[]): void {
  for (const step of body) {
    if ('constant' in step) {
      values.push(step.constant);
      continue;
    }
    const { int, js } = step.fn;
    const call: (...operands: number[]) => number = (step.dtype === 'int32' ? int : undefined) ?? js;
    values.push(round(call(...step.args.map((arg) => values[arg]!)), step.dtype));
  }
}

function straight({ rows, loads, body, stores }: StraightKernel, slots: readonly TypedArray[]): void {
  const access = ({ slot, offset, stride }: Lane): Access => ({ slot, offset, strides: [stride] });
  for (let row = 0; row < rows; row++) {
    const values = loads.map((lane) => load(slots, access(lane), [row]));
    compute(values, body);
    for (const lane of stores) store(slots, access(lane), values[lane.value]!, [row]);
  }
}

function reduce(kernel: ReduceKernel, slots: readonly TypedArray[]): void {
  const { kept, reduced, output, reducer, accumulate } = kernel;
  for (const index of indicesOf(kept)) {
    // Sums are exact up to a rounding of the last bits: Neumaier's compensation, or integers.
    let total = reducer.identity;
    let compensation = 0;
    for (const inner of indicesOf(reduced)) {
      const values = inputsOf(kernel).map((access) => load(slots, access, index, inner));
      compute(values, kernel.prologue?.body ?? []);
      const value = values.at(-1)!;
      if (accumulate === 'int32') total = (reducer.int ?? reducer.js)(total, value) | 0;
      else if (reducer.name === 'sum' && Number.isFinite(total + value)) {
        const next = total + value;
        compensation += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
        total = next;
      } else total = reducer.js(total, value);
    }
    store(slots, output, held(total + compensation, slots[output.slot]!), index);
  }
}

/** The nearest number that an array of integers can hold: only identities can be out of reach. */
function held(value: number, out: TypedArray): number {
  if (out instanceof Int32Array) return Math.min(Math.max(value, -2147483648), 2147483647);
  if (out instanceof Uint8Array) return Math.min(Math.max(value, 0), 1);
  return value;
}

function argReduce({ kept, length, input, output, largest }: ArgReduceKernel, slots: readonly TypedArray[]): void {
  for (const index of indicesOf(kept)) {
    const values = Array.from({ length }, (_, i) => load(slots, input, index, [i]));
    const best = largest ? Math.max(...values) : Math.min(...values);
    const first = values.findIndex((value) => value === best || Number.isNaN(value));
    store(slots, output, first, index);
  }
}

function contract(kernel: ContractKernel, slots: readonly TypedArray[], integer: boolean): void {
  const { batch, m, n, k, left, right, output, epilogue } = kernel;
  for (const b of indicesOf(batch)) {
    for (const i of indicesOf(m)) {
      for (const j of indicesOf(n)) {
        let sum = 0;
        for (const p of indicesOf(k)) {
          const x = load(slots, left, b, i, p);
          const y = load(slots, right, b, j, p);
          sum = integer ? (sum + Math.imul(x, y)) | 0 : sum + x * y;
        }
        const values = [epilogue ? round(sum, dtypeOf(slots[output.slot]!)!) : sum];
        for (const access of epilogue?.inputs ?? []) values.push(load(slots, access, b, i, j));
        compute(values, epilogue?.body ?? []);
        store(slots, output, values.at(-1)!, b, i, j);
      }
    }
  }
}

function gather({ batch, outer, size, count, inner, ...slot }: GatherKernel, slots: readonly TypedArray[]): void {
  for (const [b, o, i, r] of indicesOf([batch, outer, count, inner]) as Iterable<[number, number, number, number]>) {
    const index = slots[slot.indices]![b * count + i]!;
    const inside = index >= 0 && index < size;
    const source = ((b * outer + o) * size + index) * inner + r;
    slots[slot.output]![((b * outer + o) * count + i) * inner + r] = inside ? slots[slot.source]![source]! : NaN;
  }
}

function scatter({ batch, outer, size, count, inner, ...slot }: ScatterKernel, slots: readonly TypedArray[]): void {
  const out = slots[slot.output]!;
  for (const [b, o, i, r] of indicesOf([batch, outer, count, inner]) as Iterable<[number, number, number, number]>) {
    const index = slots[slot.indices]![b * count + i]!;
    if (index < 0 || index >= size) continue;
    const to = ((b * outer + o) * size + index) * inner + r;
    out[to] = out[to]! + slots[slot.updates]![((b * outer + o) * count + i) * inner + r]!;
  }
}

function scan(kernel: ScanKernel, slots: readonly TypedArray[], integer: boolean): void {
  const { form, outer, length, inner, reverse } = kernel;
  const times = integer ? Math.imul : (a: number, b: number): number => a * b;
  for (const [o, r] of indicesOf([outer, inner]) as Iterable<[number, number]>) {
    let t = form === 'product' ? 1 : 0;
    for (let step = 0; step < length; step++) {
      const i = reverse ? length - 1 - step : step;
      const position = (o * length + i) * inner + r;
      const value = slots[kernel.values]![position]!;
      if (form === 'sum') t += value;
      else if (form === 'product') t = times(t, value);
      else t = value + times(slots[kernel.factors!]![position]!, t);
      if (integer) t |= 0;
      slots[kernel.output]![position] = t;
    }
  }
}

function random({ batch, count, keys, output }: RandomKernel, slots: readonly TypedArray[]): void {
  for (const [b, i] of indicesOf([batch, count]) as Iterable<[number, number]>) {
    const key = [slots[keys]![2 * b]!, slots[keys]![2 * b + 1]!] as const;
    slots[output]![b * count + i] = threefryBlock(key, [0, Math.floor(i / 2)])[i % 2]!;
  }
}

/** One block of Threefry-2x32-20, as the paper's pseudocode has it: a key schedule, and unsigned words. */
export function threefryBlock(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
  const word = (x: number): number => x >>> 0;
  const schedule = [word(key[0]), word(key[1]), word(key[0] ^ key[1] ^ 0x1bd11bda)];
  let x = word(counter[0] + schedule[0]!);
  let y = word(counter[1] + schedule[1]!);
  for (let round = 1; round <= 20; round++) {
    const by = rotations[(round - 1) % 8]!;
    x = word(x + y);
    y = word(word((y << by) | (y >>> (32 - by))) ^ x);
    if (round % 4 === 0) {
      const injection = round / 4;
      x = word(x + schedule[injection % 3]!);
      y = word(y + schedule[(injection + 1) % 3]! + injection);
    }
  }
  return [x | 0, y | 0];
}
