/**
 * What kernels are lowered with: addresses of slots, loops over axes, constants, space for what comes in between.
 * The one idea: every plan's slots lie in one frame of memory that all plans share in turn; only inputs that are large are
 * found through a pointer, because they may lie elsewhere and stay there. Must not import kernels' lowerings.
 */
import type { Access, Axis, DType, Slot } from '@jacobi/backend';
import { bytesPerElement } from '@jacobi/backend';
import type { Expr } from './assembler/expr.ts';
import { i32 } from './assembler/expr.ts';
import type { Callee, FunctionBuilder, Local } from './assembler/function.ts';
import type { ModuleBuilder } from './assembler/module.ts';
import type { Library, Recipe } from './library.ts';
import type { Importer } from './math/lanes.ts';

type I32 = Expr<'i32'>;

/** How modules are made: with vectors or without, with fused multiply-add or without. */
export interface Mode {
  readonly simd: boolean;
  readonly fused: boolean;
}

/** Where a slot lies: at an offset of the frame, of the constants, or where the frame has a pointer to it. */
export type Place = { readonly in: 'frame' | 'constants' | 'pointer'; readonly offset: number };

/** Data that a module reads: grows while kernels are lowered. */
export class ConstantPool {
  readonly #parts: Uint8Array[] = [];
  bytes = 0;

  /** The offset of the data, a multiple of 16. */
  add(data: ArrayBufferView): number {
    const at = this.bytes;
    this.#parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    // Loops may read past the end.
    this.bytes = (at + data.byteLength + 63) & -16;
    return at;
  }

  get data(): Uint8Array {
    const all = new Uint8Array(this.bytes);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at = (at + part.length + 63) & -16;
    }
    return all;
  }
}

/** One kernel being lowered: a function (frame, constants), or (frame, constants, space) where threads have space of their own. */
export class Lowering {
  readonly f: FunctionBuilder;
  readonly module: ModuleBuilder;
  readonly slots: readonly Slot[];
  readonly pool: ConstantPool;
  readonly mode: Mode;
  readonly importer: Importer;
  /** Bytes of the frame behind all slots that this kernel has taken. */
  taken = 0;
  readonly #places: readonly (Place | undefined)[];
  readonly #library: Library;
  readonly #end: number;
  /** The parameter that space is counted from. */
  readonly spaceParam: 0 | 2;

  constructor(
    f: FunctionBuilder,
    module: ModuleBuilder,
    shared: {
      readonly slots: readonly Slot[];
      readonly places: readonly (Place | undefined)[];
      readonly pool: ConstantPool;
      readonly mode: Mode;
      readonly library: Library;
      readonly importer: Importer;
      /** Where the frame's slots end. */
      readonly end: number;
      /** Each thread has space of its own. */
      readonly threaded?: boolean;
    },
  ) {
    this.f = f;
    this.module = module;
    this.slots = shared.slots;
    this.pool = shared.pool;
    this.mode = shared.mode;
    this.importer = shared.importer;
    this.#places = shared.places;
    this.#library = shared.library;
    this.#end = shared.threaded ? 0 : shared.end;
    this.spaceParam = shared.threaded ? 2 : 0;
  }

  dtype(slot: number): DType {
    return this.slots[slot]!.dtype;
  }

  /** Where a slot's first element lies: an address, and bytes to add to it. */
  place(slot: number): { readonly base: I32; readonly offset: number } {
    const place = this.#places[slot];
    if (!place) throw new Error(`slot ${slot} has no place`);
    const base = this.f.param(place.in === 'constants' ? 1 : 0, 'i32');
    return place.in === 'pointer' ? { base: i32.load(base, place.offset), offset: 0 } : { base, offset: place.offset };
  }

  /** The address of a slot's first element. */
  slot(slot: number): I32 {
    const { base, offset } = this.place(slot);
    return offset === 0 ? base : i32.add(base, i32.const(offset));
  }

  /** The address of an access's first element. */
  start({ slot, offset }: Pick<Access, 'slot' | 'offset'>): I32 {
    const bytes = offset * bytesPerElement(this.dtype(slot));
    return i32.add(this.slot(slot), i32.const(bytes));
  }

  /** The address of constant data. */
  constant(data: ArrayBufferView): I32 {
    return i32.add(this.f.param(1, 'i32'), i32.const(this.pool.add(data)));
  }

  /** The address of memory that this kernel alone uses. */
  space(bytes: number): I32 {
    return i32.add(this.f.param(this.spaceParam, 'i32'), i32.const(this.spaceAt(bytes)));
  }

  /** The same as an offset from that parameter: in the frame, where it is the first. */
  spaceAt(bytes: number): number {
    const at = this.#end + this.taken;
    this.taken += Math.ceil(bytes / 64 + 1) * 64;
    return at;
  }

  /** A function of the library. */
  shared(name: string, recipe: () => Recipe): Callee {
    this.#library.define(name, recipe);
    return this.importer(name, this.#library.signature(name));
  }

  /** Runs `body` for every index of `axes`, with the pointers moved by their strides in bytes. */
  nest(axes: readonly Axis[], pointers: readonly Local<'i32'>[], body: () => void): void {
    const [first, ...rest] = axes;
    if (!first) return body();
    this.f.for(i32.const(first.size), () => {
      this.nest(rest, pointers, body);
      this.#move(pointers, first.strides, 1);
    });
    this.#move(pointers, first.strides, -first.size);
  }

  #move(pointers: readonly Local<'i32'>[], strides: readonly number[], times: number): void {
    for (const [i, pointer] of pointers.entries()) {
      if (strides[i] !== 0) this.f.increment(pointer, strides[i]! * times);
    }
  }
}
