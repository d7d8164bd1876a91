/**
 * Plans to modules: one function for each kernel, and one that runs them all.
 * The one idea: shapes, strides and places are constants in the code; what is left to be said when it runs is where the
 * frame and the constants lie. Must not import a backend.
 */
import type { Kernel, Plan, Slot } from '@jacobi/backend';
import { bytesPerElement, readsOf } from '@jacobi/backend';
import type { Expr } from './assembler/expr.ts';
import { i32 } from './assembler/expr.ts';
import type { FunctionBuilder, Signature } from './assembler/function.ts';
import type { ModuleBuilder } from './assembler/module.ts';
import { product } from './axes.ts';
import type { Library } from './library.ts';
import { contractionKind, lowerContract } from './lower-contract.ts';
import { lowerGather, lowerRandom, lowerScan, lowerScatter } from './lower-index.ts';
import { canLowerMap, lowerMap } from './lower-map.ts';
import { lowerArgReduce, lowerReduce, reductionKind } from './lower-reduce.ts';
import { canLowerStraight, lowerStraight, straightPart } from './lower-straight.ts';
import type { Mode, Place } from './lowering.ts';
import { ConstantPool, Lowering } from './lowering.ts';
import { type Sparse, sparseOutput } from './sparse.ts';
import type { Part } from './split.ts';
import type { Module } from './wasm-api.ts';

/** Inputs of so many bytes are found through a pointer, so that they can stay where they are. */
const LARGE = 65536;

/** A plan as a module, and what it needs to run. */
export interface PlanModule {
  readonly module: Module;
  readonly imports: readonly string[];
  readonly constants: Uint8Array;
  readonly frameBytes: number;
  /**
   * Where inputs and outputs lie; for inputs behind a pointer also where the frame has room for them. Undefined: an input
   * that no kernel reads.
   */
  readonly inputs: readonly (SlotPlace | undefined)[];
  readonly outputs: readonly SlotPlace[];
  /** Outputs that kernels write in part only: what they hold is carried in first. */
  readonly partial: readonly number[];
  /**
   * Present where threads share the work: how many parts each stretch of the plan has, as exports `stretch.part`; with one
   * part it runs on the main thread alone. Absent: there is one export, `run`.
   */
  readonly fork?: Fork;
}

export interface Fork {
  readonly parts: readonly number[];
  /** Where threads have space of their own in the frame, and how far apart. */
  readonly space: number;
  readonly spaceBytes: number;
}

export interface SlotPlace {
  readonly slot: Slot;
  readonly offset: number;
  /** Offset of the pointer in the frame. */
  readonly pointer: number | undefined;
  /** Of an output of which little is written. */
  readonly sparse?: Sparse | undefined;
}

/** True if every kernel has a form here; otherwise the plan is left to JavaScript. */
export function canCompile({ steps, slots }: Plan): boolean {
  return steps.every((kernel) => canLower(kernel, slots));
}

function canLower(kernel: Kernel, slots: readonly Slot[]): boolean {
  const dtype = (slot: number): string => slots[slot]!.dtype;
  switch (kernel.kind) {
    case 'map':
      return canLowerMap(kernel, slots);
    case 'reduce':
      return reductionKind(kernel, slots) !== undefined;
    case 'argreduce':
      return dtype(kernel.output.slot) === 'int32';
    case 'contract':
      return contractionKind(kernel, slots) !== undefined;
    case 'gather':
      return dtype(kernel.indices) === 'int32' && dtype(kernel.source) === dtype(kernel.output);
    case 'scatter':
      return (
        dtype(kernel.indices) === 'int32' &&
        dtype(kernel.updates) === dtype(kernel.output) &&
        dtype(kernel.output) !== 'bool'
      );
    case 'scan': {
      const same = [kernel.values, kernel.factors ?? kernel.values].every(
        (slot) => dtype(slot) === dtype(kernel.output),
      );
      return same && dtype(kernel.output) !== 'bool';
    }
    case 'random':
      return dtype(kernel.keys) === 'int32' && dtype(kernel.output) === 'int32';
    case 'straight':
      return canLowerStraight(kernel, slots);
    default:
      return kernel satisfies never;
  }
}

function lowerKernel(l: Lowering, kernel: Kernel): void {
  switch (kernel.kind) {
    case 'map':
      return lowerMap(l, kernel);
    case 'reduce':
      return lowerReduce(l, kernel);
    case 'argreduce':
      return lowerArgReduce(l, kernel);
    case 'contract':
      return lowerContract(l, kernel);
    case 'gather':
      return lowerGather(l, kernel);
    case 'scatter':
      return lowerScatter(l, kernel);
    case 'scan':
      return lowerScan(l, kernel);
    case 'random':
      return lowerRandom(l, kernel);
    case 'straight':
      return lowerStraight(l, kernel);
    default:
      return kernel satisfies never;
  }
}

const bytesOf = ({ dtype, length }: Slot): number => bytesPerElement(dtype) * length;
// Not by bits: sizes may have 32 of them.
const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Where all slots lie. */
function layOut(
  { slots, arenaBytes, steps }: Plan,
  pool: ConstantPool,
): { places: (Place | undefined)[]; room: number[]; end: number } {
  let pointers = 0;
  const places: (Place | undefined)[] = slots.map((slot) => {
    if (slot.data) return { in: 'constants', offset: pool.add(slot.data) };
    if (slot.role === 'input' && bytesOf(slot) >= LARGE) return { in: 'pointer', offset: 4 * pointers++ };
    return undefined;
  });
  const arena = align(4 * pointers);
  let end = arena + align(steps.length === 0 ? 0 : arenaBytes) + 64;
  const room = slots.map((slot, i) => {
    if (slot.role === 'temporary') {
      if (slot.offset !== undefined) places[i] = { in: 'frame', offset: arena + slot.offset };
      return 0;
    }
    if (slot.data) return 0;
    const at = end;
    end += align(bytesOf(slot)) + 64;
    places[i] ??= { in: 'frame', offset: at };
    return at;
  });
  return { places, room, end };
}

/** By slot: how many elements kernels write, one written twice counted twice. */
function writtenCounts({ steps, slots }: Plan): Float64Array {
  const counts = new Float64Array(slots.length);
  for (const kernel of steps) {
    if (kernel.kind === 'map') counts[kernel.output.slot]! += product(kernel.shape);
    else if (kernel.kind === 'reduce' || kernel.kind === 'argreduce')
      counts[kernel.output.slot]! += product(kernel.kept);
    else if (kernel.kind === 'contract')
      counts[kernel.output.slot]! += product([...kernel.batch, ...kernel.m, ...kernel.n]);
    else if (kernel.kind === 'straight') for (const { slot } of kernel.stores) counts[slot]! += kernel.rows;
    else if (kernel.kind !== 'scatter') counts[kernel.output] = Infinity;
  }
  return counts;
}

/** Threads that share the work. */
export interface Threads {
  /** How many there may have been, each with space of its own. */
  readonly places: number;
  /** The parts of a kernel; undefined: it is left whole. */
  cut(kernel: Kernel, plan: Plan): readonly Part[] | undefined;
}

/** Outputs of which little is written, by slot, and the kernels that only fill the rest of them. */
function sparseOutputs(plan: Plan, read: ReadonlySet<number>): { places: Map<number, Sparse>; idle: Set<Kernel> } {
  const places = new Map<number, Sparse>();
  const idle = new Set<Kernel>();
  for (const slot of plan.outputs) {
    const found = read.has(slot) ? undefined : sparseOutput(plan, slot);
    if (!found) continue;
    places.set(slot, found.sparse);
    idle.add(found.kernel);
  }
  return { places, idle };
}

type Shared = ConstructorParameters<typeof Lowering>[2];
const i32s = (count: number): 'i32'[] => Array.from({ length: count }, () => 'i32');

/** The functions of a plan's module. */
class Functions {
  /** Bytes of the frame that they take for themselves. */
  taken = 0;
  readonly #module: ModuleBuilder;
  readonly #shared: Shared;
  readonly #signature: Signature;

  constructor(module: ModuleBuilder, shared: Shared) {
    this.#module = module;
    this.#shared = shared;
    this.#signature = { params: i32s(shared.threaded ? 3 : 2), results: [] };
  }

  /** What runs a kernel. */
  whole(kernel: Kernel): FunctionBuilder {
    return this.#module.function(this.#signature, (f) => this.#write(f, (l) => lowerKernel(l, kernel)));
  }

  /** What runs functions one after the other. */
  sequence(functions: readonly FunctionBuilder[]): FunctionBuilder {
    return this.#module.function(this.#signature, (f) => {
      for (const each of functions) f.call(each, ...this.#params(f));
    });
  }

  /** What runs each part of a kernel. */
  partly(kernel: Kernel, parts: readonly Part[]): FunctionBuilder[] {
    if (kernel.kind !== 'straight') return parts.map((part) => this.whole('kernel' in part ? part.kernel : kernel));
    const rows = this.#module.function({ params: i32s(5), results: [] }, (f) =>
      this.#write(f, (l) => void straightPart(l, kernel)),
    );
    return parts.map((part) =>
      this.#module.function(this.#signature, (f) => {
        const { first, count } = part as Extract<Part, { first: number }>;
        f.call(rows, ...this.#params(f), i32.const(first), i32.const(count));
      }),
    );
  }

  #params(f: FunctionBuilder): Expr<'i32'>[] {
    return this.#signature.params.map((_, i) => f.param(i, 'i32'));
  }

  #write(f: FunctionBuilder, body: (l: Lowering) => void): void {
    const lowering = new Lowering(f, this.#module, this.#shared);
    body(lowering);
    this.taken = Math.max(this.taken, lowering.taken);
  }
}

/** Stretches that run one after the other: a kernel's parts, or all kernels in between, which are left whole. */
function stretchesOf(
  steps: readonly Kernel[],
  cuts: readonly (readonly Part[] | undefined)[],
  functions: Functions,
): FunctionBuilder[][] {
  const stretches: FunctionBuilder[][] = [];
  let alone: FunctionBuilder[] = [];
  const close = (): void => {
    if (alone.length > 0) stretches.push([functions.sequence(alone)]);
    alone = [];
  };
  steps.forEach((kernel, i) => {
    const parts = cuts[i];
    if (!parts) return alone.push(functions.whole(kernel));
    close();
    return stretches.push(functions.partly(kernel, parts));
  });
  close();
  return stretches;
}

/** A plan as one module; with `threads`, its kernels in parts. */
export function compilePlan(plan: Plan, library: Library, mode: Mode, threads?: Threads): PlanModule {
  const module = library.module();
  const imports: string[] = [];
  const pool = new ConstantPool();
  const { places, room, end } = layOut(plan, pool);
  const read = new Set(plan.steps.flatMap(readsOf));
  const sparse = sparseOutputs(plan, read);
  const steps = plan.steps.filter((kernel) => !sparse.idle.has(kernel));
  const cuts = steps.map((kernel) => threads?.cut(kernel, plan));
  const threaded = cuts.some((parts) => parts);
  const importer = library.importer(module, imports);
  const functions = new Functions(module, { slots: plan.slots, places, pool, mode, library, importer, end, threaded });
  const stretches = threaded ? stretchesOf(steps, cuts, functions) : [];
  stretches.forEach((parts, s) => parts.forEach((part, p) => module.export(`${s}.${p}`, part)));
  if (!threaded) module.export('run', functions.sequence(steps.map((kernel) => functions.whole(kernel))));
  const spaceBytes = align(functions.taken + 64);
  const written = writtenCounts(plan);
  const placeOf = (slot: number): SlotPlace => {
    const place = places[slot]!;
    const pointer = place.in === 'pointer' ? place.offset : undefined;
    return { slot: plan.slots[slot]!, offset: room[slot]!, pointer, sparse: sparse.places.get(slot) };
  };
  return {
    module: library.compile(module),
    imports,
    constants: pool.data,
    frameBytes: threaded ? end + threads!.places * spaceBytes + 64 : end + functions.taken + 64,
    ...(threaded && { fork: { parts: stretches.map((parts) => parts.length), space: end, spaceBytes } }),
    inputs: plan.inputs.map((slot) => (read.has(slot) ? placeOf(slot) : undefined)),
    outputs: plan.outputs.map(placeOf),
    partial: [...plan.outputs.keys()].filter((i) => written[plan.outputs[i]!]! < plan.slots[plan.outputs[i]!]!.length),
  };
}
