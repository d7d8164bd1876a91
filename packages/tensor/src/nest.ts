/**
 * Nests: plain objects and arrays, as deep as wanted, with leaves in them.
 * The one idea: a nest is a list of leaves and a function that puts such a list back into its shape. Must not import operations.
 */
import { describe } from './convert.ts';
import { ArgumentError } from './errors.ts';

/** Leaves of type T in plain objects and arrays. */
export type Nest<T> = T | readonly Nest<T>[] | { readonly [key: string]: Nest<T> };

/** A nest taken apart. */
export interface Flat<T> {
  readonly leaves: T[];
  /** Where each leaf was: '', '[0].w', … */
  readonly paths: string[];
  /** Equal for nests of the same structure. */
  readonly structure: string;
  /** Puts as many new leaves into the same structure. */
  readonly rebuild: <U>(leaves: readonly U[]) => Nest<U>;
}

/** Takes a nest apart. `isLeaf` says what counts as a leaf; anything else that is neither a plain object nor an array throws. */
export function flattenNest<T>(
  what: string,
  nest: unknown,
  isLeaf: (x: unknown) => x is T,
  expected = 'tensors',
): Flat<T> {
  const leaves: T[] = [];
  const paths: string[] = [];
  const structure: string[] = [];
  const build = visit(nest, '');
  return {
    leaves,
    paths,
    structure: structure.join(''),
    rebuild: <U>(next: readonly U[]) => build(next) as Nest<U>,
  };

  function visit(node: unknown, path: string): (leaves: readonly unknown[]) => unknown {
    if (isLeaf(node)) {
      const index = leaves.length;
      leaves.push(node);
      paths.push(path);
      structure.push('*');
      return (next) => next[index];
    }
    if (path.length > 999) throw new ArgumentError(`${what} is nested too deep, or in itself`);
    if (Array.isArray(node)) {
      structure.push('[');
      const parts = Array.from(node, (child, i) => visit(child, `${path}[${i}]`));
      structure.push(']');
      return (next) => parts.map((part) => part(next));
    }
    if (isPlainObject(node)) {
      structure.push('{');
      const parts = Object.keys(node).map((key) => {
        structure.push(`${JSON.stringify(key)}:`);
        return [key, visit(node[key], `${path}.${key}`)] as const;
      });
      structure.push('}');
      return (next) => Object.fromEntries(parts.map(([key, part]) => [key, part(next)]));
    }
    const hint = ArrayBuffer.isView(node) ? '; make a tensor of it, tensor(…)' : '';
    throw new ArgumentError(
      `${what}${path} must be a nest of ${expected} (plain objects and arrays), not ${describe(node)}${hint}`,
    );
  }
}

/** An object that is nothing but its entries. */
export function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false;
  const prototype = Object.getPrototypeOf(x) as unknown;
  return prototype === Object.prototype || prototype === null;
}
