/**
 * What one function has made for each structure of its arguments: programs of jit and vmap, rules of custom functions.
 * The one idea: a bounded map, out of which goes first what was not used for longest, and which holds no argument alive.
 */
import type { Program } from '@jacobi/tensor/internal';
import { isFollowedBelow, operandsOf } from '@jacobi/tensor/internal';

/** Entries of one function that are kept. */
const LIMIT = 256;

/** Values by key. */
export class Remembered<V> {
  readonly #known = new Map<string, V>();

  /** The value of a key: made where it is not known, and kept if it `lasts`. */
  get(key: string, make: () => V, lasts: (value: V) => boolean = () => true): V {
    let value = this.#known.get(key);
    if (value === undefined) {
      value = make();
      if (!lasts(value)) return value;
      if (this.#known.size >= LIMIT) this.#known.delete(this.#known.keys().next().value!);
    } else if (this.#known.size > LIMIT / 2) this.#known.delete(key);
    this.#known.set(key, value);
    return value;
  }
}

/**
 * False for what took in a value of an enclosing trace, or one that is being differentiated: it makes sense only there, and the
 * next call may close over another.
 */
export const standsAlone = ({ program }: { readonly program: Program }): boolean =>
  program.captured.every((c) => c.read !== undefined || (c.tensor.trace === null && !isFollowedBelow([c.tensor])));

/** Equal for programs of the same rows on operands of the same types, whatever it was that they captured. */
export function structureOf(program: Program): string {
  const { types, rows, outputs } = program;
  const operands = operandsOf(program).map((v) => `${v}:${types[v]!.id}`);
  const steps = rows.map((row) => `${row.application.id}(${row.inputs.join()})${row.outputs.join()}`);
  return `${operands.join()};${steps.join()};${outputs.join()}`;
}
