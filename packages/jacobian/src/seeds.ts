/**
 * Seeds through a linear program, as one block, without writing identities out.
 * The one idea: a block of seeds has one dimension for each free axis of the seed. A dimension is either written out, or it is
 * a diagonal along an axis of the value, and stays one as long as rows carry that axis (`structure.ts`). Only a row that mixes
 * it makes it be written out; a contraction does that for nothing. Must not name operations: only the closed set of linear
 * maps.
 */
import { batchRow, linearIn, openOperands } from '@jacobi/autograd/internal';
import { interpret } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import { broadcastTo, cast, reshape, sum, transpose, where } from '@jacobi/tensor';
import type { Program, Row } from '@jacobi/tensor/internal';
import { bindApplication, bindOne, contract, embedRow } from '@jacobi/tensor/internal';
import { rowAxes } from './structure.ts';

/**
 * Seeds: the identity over `free` axes (ones along the others). `rows`: only some of it, as a matrix, where each row has
 * one 1.
 */
export interface Seeds {
  readonly ones: Tensor;
  readonly free: readonly number[];
  readonly rows: Tensor | undefined;
}

/** Input of a program: seeds, or a value (known to be zero, perhaps). */
export type SeedInput = Seeds | { readonly tensor: Tensor; readonly zero?: boolean };

/** A value under a block of seeds. */
interface Seeded {
  /** Where some dimension is written out, their product is the first axis; then the value's own axes. */
  readonly tensor: Tensor;
  /** By dimension: the value's axis along which it is a diagonal, or −1 where it is written out. */
  readonly axes: readonly number[];
}

/** A value that is the same for every seed. */
interface Plain {
  readonly plain: Tensor;
  readonly zero: boolean;
}

type Value = Plain | Seeded;

const isSeeded = (value: Value): value is Seeded => 'axes' in value;

/** Runs a linear program on one input of seeds; its outputs have one seed axis, first, in the order of the free axes. */
export function pushSeeds(program: Program, inputs: readonly SeedInput[]): Tensor[] {
  let block = new Block([]);
  const values = inputs.map((input): Value => {
    if (!('ones' in input)) return { plain: input.tensor, zero: input.zero ?? false };
    block = new Block(
      input.free.map((a) => input.ones.shape[a]!),
      input.rows,
    );
    return { tensor: input.ones, axes: input.free };
  });
  return interpret(program, values, (row, args) => block.push(row, args)).map((value) => block.whole(value));
}

/** A block of seeds with dimensions of these sizes, or some rows of it. */
class Block {
  readonly #sizes: readonly number[];
  /** Of some rows, by dimension: which index each has in it, as a mask [rows, size]. */
  readonly #masks: readonly Tensor[] | undefined;

  constructor(sizes: readonly number[], rows?: Tensor) {
    this.#sizes = sizes;
    this.#masks =
      rows &&
      sizes.map((_, d) => {
        const others = [...sizes.keys()].filter((k) => k !== d).map((k) => k + 1);
        return cast(sum(reshape(rows, [-1, ...sizes]), others), 'bool');
      });
  }

  /** A row of the program. */
  push(row: Row, args: readonly Value[]): readonly Value[] {
    const { application } = row;
    const seeded = args.filter(isSeeded);
    if (seeded.length === 0) {
      const zero = application.primitive.fill?.(application.params) === 0;
      return bindApplication(
        application,
        args.map((a) => (a as Plain).plain),
      ).map((plain) => ({ plain, zero }));
    }
    const after = this.#carried(row, args);
    const lost = this.#sizes.flatMap((_, d) =>
      seeded.some((s) => s.axes[d]! < 0) || after.some((axes) => axes[d]! < 0) ? [d] : [],
    );
    if (seeded.length === 1 && linearIn(application, args.map(isSeeded))?.map === 'contract')
      return [this.#contract(row, args, lost)];
    const written = args.map((a) => (isSeeded(a) ? this.#writeOut(a, lost) : a));
    const tensors = written.map((a) => (isSeeded(a) ? a.tensor : a.plain));
    const made =
      lost.length === 0
        ? bindApplication(application, tensors)
        : batchRow(
            row,
            written.map((a, i) => ({ tensor: tensors[i]!, mapped: isSeeded(a) })),
            this.#product(lost),
          );
    return made.map((tensor, o) => ({ tensor, axes: after[o]!.map((axis, d) => (lost.includes(d) ? -1 : axis)) }));
  }

  /**
   * By output and dimension: the axis that carries the diagonal past a row, or −1. A rule of the user's may do anything with
   * its seeds, or add to them; then nothing is carried.
   */
  #carried({ application }: Row, args: readonly Value[]): readonly (readonly number[])[] {
    const open = args.map(isSeeded);
    const terms = openOperands(application);
    const affine = args.some((a, i) => !isSeeded(a) && !a.zero && terms.includes(i));
    if (affine || linearIn(application, open) === null) return application.outputs.map(() => this.#sizes.map(() => -1));
    const before = args.map((a) => (isSeeded(a) ? a.axes : null));
    return application.outputs.map((_, o) => rowAxes(application, open, before, this.#sizes, o));
  }

  /**
   * A contraction of one seeded operand. A diagonal that is contracted away becomes a label of the result: nothing is summed
   * over it, so nothing has to be written out before.
   */
  #contract(row: Row, args: readonly Value[], lost: readonly number[]): Seeded {
    const { left, right, out } = row.application.params as unknown as {
      readonly left: number[];
      readonly right: number[];
      readonly out: number[];
    };
    const place = isSeeded(args[0]!) ? 0 : 1;
    const own = args[place] as Seeded;
    const labels = place === 0 ? left : right;
    const label = (d: number): number => labels[own.axes[d]!]!;
    const lead = this.#written(own);
    const free = lost.filter((d) => !lead.includes(d));
    const fresh = free.map(label);
    if (new Set(fresh).size < fresh.length || fresh.some((l) => out.includes(l)) || (this.#masks && free.length > 0)) {
      // One label for two dimensions, one that stays as well, or some of its indices: written out like any other row's.
      return this.#contract(
        row,
        args.map((a) => (a === own ? this.#writeOut(own, free) : a)),
        lost,
      );
    }
    const batch = Math.max(...left, ...right) + 1;
    const ownLabels = lead.length === 0 ? labels : [batch, ...labels];
    const other = (args[1 - place] as Plain).plain;
    const result = [...(lead.length === 0 ? [] : [batch]), ...fresh, ...out];
    const made =
      place === 0
        ? contract(own.tensor, other, ownLabels, right, result)
        : contract(other, own.tensor, left, ownLabels, result);
    const core = made.shape.slice(result.length - out.length);
    const tensor = this.#ordered(made, [...lead, ...free], core);
    return { tensor, axes: own.axes.map((_, d) => (lost.includes(d) ? -1 : out.indexOf(label(d)))) };
  }

  /** The value with these dimensions written out, beside those that are already. */
  #writeOut(value: Seeded, dims: readonly number[]): Seeded {
    let { tensor, axes } = value;
    for (const d of dims) {
      const axis = axes[d]!;
      if (axis < 0) continue;
      // A diagonal is embedded in zeros, or chosen from them, never multiplied by them.
      const lead = this.#written({ tensor, axes });
      const core = lead.length === 0 ? tensor.shape : tensor.shape.slice(1);
      axes = axes.map((a, k) => (k === d ? -1 : a));
      const mask = this.#masks?.[d];
      if (mask !== undefined) {
        tensor = where(reshape(mask, [mask.shape[0]!, ...core.map((n, i) => (i === axis ? n : 1))]), tensor, 0);
        continue;
      }
      const spread = reshape(tensor, [...lead.map((l) => this.#sizes[l]!), ...core]);
      const first = lead.length + axis;
      const embedded = bindOne(embedRow, [spread], { first, second: first + 1 });
      const order = [...embedded.shape.keys()].filter((i) => i !== first + 1);
      order.splice(lead.length, 0, first + 1);
      tensor = this.#ordered(transpose(embedded, order), [...lead, d], core);
    }
    return { tensor, axes };
  }

  /** From leading axes for `dims`, one each (or some as one, in order), to one leading axis in the order of the dimensions. */
  #ordered(tensor: Tensor, dims: readonly number[], core: readonly number[]): Tensor {
    if (dims.length === 0 || this.#masks) return tensor;
    const sorted = [...dims].sort((a, b) => a - b);
    const spread = reshape(tensor, [...dims.map((d) => this.#sizes[d]!), ...core]);
    const order = [...sorted.map((d) => dims.indexOf(d)), ...core.map((_, i) => dims.length + i)];
    return reshape(transpose(spread, order), [this.#product(dims), ...core]);
  }

  /** The value with one leading axis for the whole block. */
  whole(value: Value): Tensor {
    const count = this.#product([...this.#sizes.keys()]);
    if (!isSeeded(value)) return broadcastTo(value.plain, [count, ...value.plain.shape]);
    if (this.#sizes.length === 0) return reshape(value.tensor, [1, ...value.tensor.shape]);
    return this.#writeOut(value, [...this.#sizes.keys()]).tensor;
  }

  #written({ axes }: Seeded): number[] {
    return axes.flatMap((axis, d) => (axis < 0 ? [d] : []));
  }

  /** How many rows these dimensions have, written out. */
  #product(dims: readonly number[]): number {
    if (this.#masks && dims.length > 0) return this.#masks[0]!.shape[0]!;
    return dims.reduce((n, d) => n * this.#sizes[d]!, 1);
  }
}
