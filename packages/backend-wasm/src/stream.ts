/**
 * Large elementwise kernels by themselves: in pieces that fit a cache, straight from array to array.
 * The one idea: the pieces pass through one small place in linear memory, so a million elements need neither a module nor
 * memory of their own, and are read and written once. Must not import modules of plans.
 */
import type { DType, Plan, TypedArray } from '@jacobi/backend';
import { bytesPerElement } from '@jacobi/backend';
import type { Engine } from './engine.ts';
import type { Library } from './library.ts';
import { canLowerMap, shapeOf } from './lower-map.ts';
import { keyOf, rowSignature, writeRow } from './row.ts';
import { elementTime } from './split.ts';
import type { Pool } from './threads/pool.ts';
import type { NativeFunction } from './wasm-api.ts';

/** Elements of a piece. */
const PIECE = 4096;

/** Bytes that an operand's piece may take, and some to read past it. */
const ROOM = PIECE * 8 + 128;

/** A kernel that is run in pieces. */
export type Stream = (
  engine: Engine,
  library: Library,
  inputs: readonly TypedArray[],
  outputs: readonly TypedArray[],
) => void;

/** The stream of a plan of one kernel over one row of elements next to each other, or of one for all. */
export function streamOf(plan: Plan, simd: boolean): Stream | undefined {
  const [kernel, more] = plan.steps;
  if (more || kernel?.kind !== 'map' || kernel.shape.includes(0) || !canLowerMap(kernel, plan.slots)) return undefined;
  // Where only an empty part of it is wanted, what it makes is no output.
  if (!plan.outputs.includes(kernel.output.slot)) return undefined;
  const accesses = [kernel.output, ...kernel.inputs];
  const dtypes = accesses.map(({ slot }) => plan.slots[slot]!.dtype);
  const { outer, row, spec } = shapeOf(kernel, dtypes);
  if (outer.length > 0 || spec.spacings.includes('any')) return undefined;
  const sources = accesses.map(({ slot, offset }, i): Source => {
    const dtype = dtypes[i]!;
    const known = {
      input: plan.inputs.indexOf(slot),
      output: plan.outputs.indexOf(slot),
      data: plan.slots[slot]!.data,
    };
    const unit = spec.spacings[i] === 'unit';
    return { ...known, offset, dtype, unit, place: i * ROOM, bytes: bytesPerElement(dtype) };
  });
  const name = keyOf(spec);
  const time = elementTime(spec.body);
  // Carrying elements in and out takes some 0.4 ns each, and is done by one thread.
  const heavy = time > 0.5 && time * row.size > 200_000;
  return (engine, library, inputs, outputs) => {
    library.define(name, () => ({
      ...rowSignature(spec),
      write: (f, importer) => writeRow(f, spec, simd, importer),
    }));
    const arrays = sources.map(({ input, output, data }) => data ?? inputs[input] ?? outputs[output]!);
    const { pool } = engine;
    // In place, a run could not be begun again.
    const shared =
      pool && pool.threads > 1 && heavy && !arrays.slice(1).some((array) => array.buffer === arrays[0]!.buffer);
    if (!shared) return runPieces(engine, library.get(name), sources, arrays, row.size);
    const job = pool.job(name, () => ({ call: name }), library);
    return runShared(pool, job, library.get(name), new Carrier(engine, sources, arrays, row.size));
  };
}

/** An operand: the result first, then what is read. */
interface Source {
  readonly input: number;
  readonly output: number;
  readonly data: TypedArray | undefined;
  readonly offset: number;
  readonly dtype: DType;
  readonly unit: boolean;
  /** Offset of its piece in the frame. */
  readonly place: number;
  readonly bytes: number;
}

/** Carries each piece in, calls the row function, carries the result out. */
function runPieces(
  engine: Engine,
  call: NativeFunction,
  sources: readonly Source[],
  arrays: readonly TypedArray[],
  size: number,
): void {
  const frame = engine.frame(sources.length * ROOM);
  const { heap } = engine;
  const { views } = heap;
  const addresses = sources.map(({ place }) => frame + place);
  for (let i = 1; i < sources.length; i++) {
    const { unit, offset, dtype } = sources[i]!;
    if (!unit) heap.write(addresses[i]!, arrays[i]!.subarray(offset, offset + 1), dtype);
  }
  const { dtype, offset, bytes } = sources[0]!;
  for (let start = 0; start < size; start += PIECE) {
    const count = Math.min(PIECE, size - start);
    for (let i = 1; i < sources.length; i++) {
      const source = sources[i]!;
      if (!source.unit) continue;
      const at = source.offset + start;
      views[source.dtype].set(arrays[i]!.subarray(at, at + count), addresses[i]! / source.bytes);
    }
    call(count, ...addresses);
    const first = addresses[0]! / bytes;
    arrays[0]!.set(views[dtype].subarray(first, first + count), offset + start);
  }
}

/** Elements of a part, and parts that are carried at a time. */
const PART = 4 * PIECE;
const BATCH = 8;
const PART_ROOM = PART * 8;
/** An operand's parts, and some to read past them. */
const BATCH_ROOM = BATCH * PART_ROOM + 128;

/** Operands on their way to threads and back, by turns through two places: one batch is worked on, its neighbours carried. */
class Carrier {
  readonly #heap: Engine['heap'];
  readonly #frame: number;

  constructor(
    engine: Engine,
    readonly sources: readonly Source[],
    readonly arrays: readonly TypedArray[],
    readonly size: number,
  ) {
    this.#frame = engine.frame(2 * sources.length * BATCH_ROOM);
    this.#heap = engine.heap;
    for (let i = 1; i < sources.length; i++) {
      const { unit, offset, dtype } = sources[i]!;
      if (unit) continue;
      for (const set of [0, 1]) this.#heap.write(this.address(i, set), arrays[i]!.subarray(offset, offset + 1), dtype);
    }
  }

  address(i: number, batch: number): number {
    return this.#frame + (2 * i + (batch & 1)) * BATCH_ROOM;
  }

  count(batch: number): number {
    return Math.min(BATCH * PART, this.size - batch * BATCH * PART);
  }

  carryIn(batch: number): void {
    for (let i = 1; i < this.sources.length; i++) {
      const { unit, offset, dtype, bytes } = this.sources[i]!;
      const at = offset + batch * BATCH * PART;
      const elements = this.arrays[i]!;
      if (unit)
        this.#heap.views[dtype].set(elements.subarray(at, at + this.count(batch)), this.address(i, batch) / bytes);
    }
  }

  carryOut(batch: number): void {
    const { dtype, offset, bytes } = this.sources[0]!;
    const first = this.address(0, batch) / bytes;
    const results = this.#heap.views[dtype].subarray(first, first + this.count(batch));
    this.arrays[0]!.set(results, offset + batch * BATCH * PART);
  }
}

/** The same with threads: while they work on some parts, the main thread carries the parts before out and the next ones in. */
function runShared(pool: Pool, job: number, call: NativeFunction, carrier: Carrier): void {
  const { sources, size } = carrier;
  const steps = sources.map(({ unit, bytes }) => (unit ? PART * bytes : 0));
  const batches = Math.ceil(size / (BATCH * PART));
  carrier.carryIn(0);
  for (let batch = 0; batch < batches; batch++) {
    const count = carrier.count(batch);
    const addresses = sources.map((_, i) => carrier.address(i, batch));
    const values = addresses.flatMap((address, i) => [address, steps[i]!]);
    pool.start(job, Math.ceil(count / PART), [count, PART, sources.length, ...values]);
    if (batch > 0) carrier.carryOut(batch - 1);
    if (batch + 1 < batches) carrier.carryIn(batch + 1);
    pool.finish((part) => {
      call(Math.min(PART, count - part * PART), ...addresses.map((address, i) => address + part * steps[i]!));
    });
  }
  carrier.carryOut(batches - 1);
}
