/**
 * What an operation is: one row with its result type, its kernels, its local derivative and its batching.
 * The one idea: a row says everything about an operation as data; interpreters switch on `derivative.kind`, on the closed
 * set of linear maps and on `batching`, and never on a name. Must not import rows or interpreters.
 */
import type { DType, Plan, RunnableKernel, View } from '@jacobi/backend';
import { formatNumber } from './format.ts';
import type { ProgramWriter } from './lower-program.ts';
import type { Program } from './program.ts';
import type { Tensor } from './tensor.ts';
import type { TensorType } from './type.ts';

/** A static argument of an operation: what JSON has, and all numbers. */
export type ParamValue = number | string | boolean | readonly ParamValue[];

/** A param as text: JSON, with the numbers that JSON lacks. Different values, different texts. */
export function formatParam(value: ParamValue): string {
  if (typeof value === 'object') return `[${value.map(formatParam).join()}]`;
  return typeof value === 'string' ? JSON.stringify(value) : formatNumber(value as number, false);
}

/** Static arguments by name. They are part of an operation's identity; values of tensors never are. */
export type Params = { readonly [name: string]: ParamValue };

/** A value while kernels are written: a slot seen through a view. */
export interface Operand {
  readonly slot: number;
  readonly dtype: DType;
  readonly view: View;
}

/** Where a row writes its kernels. */
export interface KernelWriter {
  emit(kernel: RunnableKernel): void;
  /** The operand itself where it is row-major from offset 0, else a copy that is. */
  contiguous(operand: Operand): Operand;
}

/**
 * The closed set of linear maps. A row with one of them is linear in its open operands (with the others as coefficients);
 * transposition and structure each know all of them and nothing else.
 */
export type LinearMap =
  | 'add' // x + y
  | 'sub' // x − y
  | 'neg' // −x
  | 'scale' // x · c, elementwise
  | 'select' // x where c else y
  | 'cast'
  | 'reshape'
  | 'transpose'
  | 'broadcast'
  | 'slice' // strided
  | 'pad' // with zeros, also between elements
  | 'flip'
  | 'diagonal' // x[…, i, …, i, …]
  | 'embed' // its transpose: zeros but on a diagonal
  | 'concat'
  | 'split'
  | 'gather'
  | 'scatterAdd'
  | 'sum'
  | 'contract' // Σ over labels of x · c
  | 'cumsum'
  | 'recurrence' // t[i] = x[i] + c[i]·t[i−1]
  | 'custom'; // a rule given by the user

/** Those whose rows bring their transpose and say which axes they carry, so that programs without such rows do not hold it. */
type Own = 'gather' | 'scatterAdd' | 'cumsum' | 'recurrence' | 'custom';

/** What the transpose of a linear row needs to know of it. */
export interface LinearRow<P extends Params = Params> {
  readonly application: Application<P>;
  /** Operand i: the value of a coefficient. Must not be asked for an operand that depends on tangents. */
  readonly coefficient: (i: number) => Tensor;
}

/** By which map a row is linear, and in which operands together: all of them unless `open` says otherwise. */
export type Linear<P extends Params = Params> = { readonly open?: readonly number[] } & (
  | {
      readonly map: Exclude<LinearMap, Own>;
      /** Of a row that scales: by what, where that is not its other operand. */
      readonly by?: (row: LinearRow<P>) => Tensor;
    }
  | {
      readonly map: Own;
      /** Cotangents of the operands from those of the outputs. */
      readonly transpose: (
        row: LinearRow<P>,
        incoming: readonly Tangent[],
        open: readonly boolean[],
      ) => readonly Tangent[];
      /** Where an axis of the open operand stands in the output; −1, as without this, if elements are mixed along it. */
      readonly carries?: (application: Application<P>, axis: number) => number;
    }
);

/** The params of linear rows, as interpreters of the closed set read them. */
export interface LinearParams {
  readonly permutation: readonly number[];
  readonly begin: readonly number[];
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
  readonly axes: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly out: readonly number[];
  readonly axis: number;
  readonly batch: number;
  readonly first: number;
  readonly second: number;
}

/** The values that a tangent rule may read. */
export interface RowValues<P extends Params = Params> {
  /** Input i of the row. */
  x(i: number): Tensor;
  /** Output i of the row. */
  y(i: number): Tensor;
  readonly params: P;
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly programs: readonly Program[];
  readonly closures: readonly unknown[];
  /** The tangents stand for a linear program that will be transposed; they never get values. */
  readonly abstract: boolean;
}

/** A tangent, or null for a symbolic zero. */
export type Tangent = Tensor | null;

/** The local derivative of a row. */
export type Derivative<P extends Params = Params> =
  /** No tangent passes: integers, comparisons, stopGradient. `reason` goes into messages. */
  | { readonly kind: 'none'; readonly reason: string }
  /** Connected, but the derivative is zero wherever it exists: floor, sign. */
  | { readonly kind: 'zero' }
  /** Linear in the open operands together; the others are kept as coefficients. */
  | ({ readonly kind: 'linear' } & Linear<P>)
  /** Linear in each of the two operands. */
  | { readonly kind: 'bilinear'; readonly map: 'scale' | 'contract' }
  /**
   * Anything else: from the tangents of the inputs to those of the outputs, written with public operations that are
   * linear in the tangents. Reads only what it keeps. `linear`: beside that the row is one of the linear maps in some
   * operands.
   */
  | {
      readonly kind: 'rule';
      readonly linear?: Linear<P> | undefined;
      readonly keeps: (active: readonly boolean[], params: P) => Keeps;
      /** By output, whether it depends on an active input by a derivative, where that is not so for all of them. */
      readonly connects?: (application: Application<P>, active: readonly boolean[]) => readonly boolean[];
      readonly tangent: (row: RowValues<P>, tangents: readonly Tangent[]) => readonly Tangent[];
    };

/** Which values of a row its coefficients read. */
export interface Keeps {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** How a row runs over a leading batch axis. */
export type Batching<P extends Params = Params> =
  /** Operands broadcast; a mapped operand gets axes of size 1 after its batch axis where it needs them. */
  | 'elementwise'
  /** Every operand gets the batch axis; params are shifted by it. */
  | { readonly shift: (params: P, inputs: readonly TensorType[], size: number) => P }
  /** Operands may stay unmapped; binds the row itself and returns outputs that all have the batch axis. */
  | {
      readonly rule: (
        inputs: readonly Tensor[],
        mapped: readonly boolean[],
        params: P,
        size: number,
        row: { readonly programs: readonly Program[]; readonly closures: readonly unknown[] },
      ) => readonly Tensor[];
    };

/** How a row that holds a program is lowered: here and not in the interpreters, so that programs without such rows do not hold it. */
export interface Inline {
  /** The plan of the row alone. */
  readonly alone: (application: Application) => Plan;
  /** Writes its program's rows into a larger plan; gives the values of its outputs, made in `targets` where that can be. */
  readonly within: (
    writer: ProgramWriter,
    application: Application,
    inputs: readonly Operand[],
    targets: readonly (Operand | undefined)[],
  ) => readonly Operand[];
}

/** One operation. */
export interface Primitive<P extends Params = Params> {
  readonly name: string;
  /** Types of the results. Arguments were checked by the public function; this may assert. */
  readonly type: (inputs: readonly TensorType[], params: P, programs: readonly Program[]) => readonly TensorType[];
  /** Where output `index` is a view of the only input: that view, or null if this input needs a copy first. */
  readonly view?: (input: View, params: P, output: TensorType, index: number) => View | null;
  /** Writes the kernels that compute the outputs. Not called for zero-size outputs. */
  readonly lower?: (writer: KernelWriter, inputs: readonly Operand[], outputs: readonly Operand[], params: P) => void;
  /** Where every element is one number known from the params: that number. Such values are never written out. */
  readonly fill?: (params: P) => number;
  /** Rows that hold a program are lowered by lowering it in place; this (`lowerInline`) says how. */
  readonly inline?: Inline;
  readonly derivative: Derivative<P>;
  readonly batching: Batching<P>;
  /**
   * The form to run while tapes follow inputs: more outputs, which its derivative reads. `active`: by tape that is open, whether
   * each input carries a tangent, or null. Only the first outputs are the operation's own.
   */
  readonly recorded?: (
    application: Application<P>,
    active: readonly (readonly boolean[] | null)[],
    inputs: readonly Tensor[],
  ) => Application<P>;
}

/**
 * A primitive applied to types and params: everything about a row but which values it takes. Interned, so that equal rows
 * are the same object and a program's structure is a list of numbers.
 */
export interface Application<P extends Params = Params> {
  readonly id: number;
  readonly primitive: Primitive<P>;
  readonly inputs: readonly TensorType[];
  readonly params: P;
  readonly programs: readonly Program[];
  readonly closures: readonly unknown[];
  readonly outputs: readonly TensorType[];
  /** The output is the input's buffer under another type. */
  readonly alias: boolean;
}
