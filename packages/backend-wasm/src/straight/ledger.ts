/**
 * Where the values of a straight line are while its functions are written.
 * The one idea: one ledger serves all functions of a line in turn, since an operand is defined in one function and what is left of it is read by none after; a line
 * of many functions has more operands than each of them could have room for. Must not import the assembler.
 */
import type { Value } from '../value.ts';

/** A value that stands in the code of its reader. */
interface Pending {
  /** The operands that its code reads. */
  readonly reads: readonly number[];
  readonly depth: number;
}

/** What is known of a line's operands, by number, in the function that is being written. */
export class Ledger {
  readonly values: (Value | undefined)[];
  readonly pending: (Pending | undefined)[];
  /** How often what is left of the function reads an operand. */
  readonly left: Int32Array;
  /** The last reader of an operand, by its position; for those that are read once. */
  readonly reader: Int32Array;

  constructor(operands: number) {
    this.values = new Array<Value | undefined>(operands).fill(undefined);
    this.pending = new Array<Pending | undefined>(operands).fill(undefined);
    this.left = new Int32Array(operands);
    this.reader = new Int32Array(operands);
  }
}
