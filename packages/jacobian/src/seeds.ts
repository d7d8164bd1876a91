/**
 * Seeds through a linear program, as one block, without writing identities out.
 * The one idea: a block of seeds has one dimension for each free axis of the seed. A dimension is either written out, or it is
 * a diagonal along an axis of the value, and stays one as long as rows carry that axis (`structure.ts`). Only a row that mixes
 * it makes it be written out; a contraction does that for nothing. Must not name operations: only the closed set of linear
 * maps.
 */
import { batchRow, linearIn, openOperands } from '@jacobi/autograd/internal';
import type { Tensor } from '@jacobi/tensor';
import { broadcastTo, cast, reshape, sum, transpose, where } from '@jacobi/tensor';
import type { Application, LinearParams, Program, Row } from '@jacobi/tensor/internal';
import { bindApplication, bindOne, contract, embedRow, interpret } from '@jacobi/tensor/internal';
import { rowAxes } from './structure.ts';

/**
 * A value under a block of seeds, or one that is the same for every seed. As an input with `axes` it is the seeds themselves:
 * ones, for the identity over these axes.
 */
export interface Value {
  /** Where some dimension of the block is written out, their product is the first axis; then the value's own axes. */
  readonly tensor: Tensor;
  /** By dimension: the value's axis along which it is a diagonal, or −1 where it is written out. Absent: the same for every seed. */
  readonly axes?: readonly number[];
  /** Known to be zero. */
  readonly zero?: boolean;
}

type Seeded = Value & { readonly axes: readonly number[] };

const isSeeded = (value: Value): value is Seeded => value.axes !== undefined;

/**
 * Runs a linear program on one input of seeds; its outputs have one seed axis, first, in the order of the free axes. `rows`:
 * only some of the seeds, as a matrix, where each row has one 1.
 */
export function pushSeeds(program: Program, inputs: readonly Value[], rows?: Tensor): Tensor[] {
  const { tensor, axes } = inputs.find(isSeeded)!;
  const block = new Block(
    axes.map((a) => tensor.shape[a]!),
    rows,
  );
  return interpret(program, inputs, (row, args) => block.push(row, args)).map((value) => block.whole(value));
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
    const open = args.map(isSeeded);
    if (!open.includes(true)) {
      const zero = application.primitive.fill?.(application.params) === 0;
      return bindApplication(
        application,
        args.map((a) => a.tensor),
      ).map((tensor) => ({ tensor, zero }));
    }
    const after = this.#carried(row, args, open);
    const lost = [...this.#sizes.keys()].filter((d) => [...args, ...after].some(({ axes }) => axes && axes[d]! < 0));
    return this.#bind(row, args, open, lost).map((tensor, o) => ({
      tensor,
      axes: after[o]!.axes.map((axis, d) => (lost.includes(d) ? -1 : axis)),
    }));
  }

  /** The outputs of a row after which the dimensions in `lost` are written out. */
  #bind(row: Row, args: readonly Value[], open: readonly boolean[], lost: readonly number[]): readonly Tensor[] {
    const { application } = row;
    const contracted = this.#contract(application, args, open, lost);
    if (contracted !== null) return [contracted];
    const written = args.map((a) => (isSeeded(a) ? this.#writeOut(a, lost) : a.tensor));
    if (lost.length === 0) return bindApplication(application, written);
    return batchRow(
      row,
      written.map((tensor, i) => ({ tensor, mapped: open[i]! })),
      this.#product(lost),
    );
  }

  /**
   * By output and dimension: the axis that carries the diagonal past a row, or −1. A rule of the user's may do anything with
   * its seeds, or add to them; then nothing is carried.
   */
  #carried({ application }: Row, args: readonly Value[], open: readonly boolean[]): { axes: readonly number[] }[] {
    const terms = openOperands(application);
    const affine = args.some((a, i) => !open[i] && !a.zero && terms.includes(i));
    const opaque = affine || linearIn(application, open) === null;
    const before = args.map((a) => a.axes ?? null);
    return application.outputs.map((_, o) => ({
      axes: opaque ? this.#sizes.map(() => -1) : rowAxes(application, open, before, this.#sizes, o),
    }));
  }

  /**
   * A contraction of one seeded operand. A diagonal that is contracted away becomes a label of the result: nothing is summed
   * over it, so nothing has to be written out before. Null where that cannot be: one label for two dimensions, one that stays as
   * well, or some of its indices.
   */
  #contract(
    application: Application,
    args: readonly Value[],
    open: readonly boolean[],
    lost: readonly number[],
  ): Tensor | null {
    if (linearIn(application, open)?.map !== 'contract') return null;
    const { left, right, out } = application.params as unknown as LinearParams;
    const own = args.find(isSeeded)!;
    const labels = open[0] ? left : right;
    const lead = this.#written(own);
    const free = lost.filter((d) => !lead.includes(d));
    const fresh = free.map((d) => labels[own.axes[d]!]!);
    if (this.#masks || free.length === 0 || new Set([...fresh, ...out]).size < fresh.length + out.length) return null;
    const batch = lead.length === 0 ? [] : [Math.max(...left, ...right) + 1];
    const made = contract(
      args[0]!.tensor,
      args[1]!.tensor,
      open[0] ? [...batch, ...left] : left,
      open[0] ? right : [...batch, ...right],
      [...batch, ...fresh, ...out],
    );
    const core = application.outputs[0]!.shape;
    const dims = [...lead, ...free];
    return this.#merged(this.#spread(made, dims, core), dims, core);
  }

  /** A value under its leading axis, with an axis for each of these dimensions in place of that. */
  #spread(t: Tensor, dims: readonly number[], core: readonly number[]): Tensor {
    return reshape(t, [...dims.map((d) => this.#sizes[d]!), ...core]);
  }

  /** The other way: the axes of dimensions, which `dims` has by axis, become one in the order of the dimensions. */
  #merged(t: Tensor, dims: readonly (number | undefined)[], core: readonly number[]): Tensor {
    const rank = (axis: number): number => dims[axis] ?? this.#sizes.length;
    const order = [...t.shape.keys()].sort((a, b) => rank(a) - rank(b));
    return reshape(transpose(t, order), [this.#product(dims.filter((d) => d !== undefined)), ...core]);
  }

  /** The value with these dimensions written out, beside those that are already. */
  #writeOut({ tensor, axes }: Seeded, dims: readonly number[]): Tensor {
    const lead = this.#written({ axes });
    for (const d of dims) {
      const axis = axes[d]!;
      if (axis < 0) continue;
      // A diagonal is embedded in zeros, or chosen from them, never multiplied by them.
      const core = lead.length === 0 ? tensor.shape : tensor.shape.slice(1);
      const mask = this.#masks?.[d];
      if (mask !== undefined) {
        tensor = where(reshape(mask, [mask.shape[0]!, ...core.map((n, i) => (i === axis ? n : 1))]), tensor, 0);
      } else {
        const first = lead.length + axis;
        const embedded = bindOne(embedRow, [this.#spread(tensor, lead, core)], { first, second: first + 1 });
        const own = core.slice(0, axis + 1).map(() => undefined);
        tensor = this.#merged(embedded, [...lead, ...own, d], core);
      }
      lead.push(d);
      lead.sort((a, b) => a - b);
    }
    return tensor;
  }

  /** The value with one leading axis for the whole block. */
  whole(value: Value): Tensor {
    const dims = [...this.#sizes.keys()];
    if (isSeeded(value) && dims.length > 0) return this.#writeOut(value, dims);
    return broadcastTo(value.tensor, [this.#product(dims), ...value.tensor.shape]);
  }

  #written({ axes }: { readonly axes: readonly number[] }): number[] {
    return axes.flatMap((axis, d) => (axis < 0 ? [d] : []));
  }

  /** How many rows these dimensions have, written out. */
  #product(dims: readonly number[]): number {
    if (this.#masks && dims.length > 0) return this.#masks[0]!.shape[0]!;
    return dims.reduce((n, d) => n * this.#sizes[d]!, 1);
  }
}
