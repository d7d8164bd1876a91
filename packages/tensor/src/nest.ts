/**
 * Nests: plain objects and arrays, as deep as wanted, with leaves in them.
 * The one idea: a nest is a list of leaves and a function that puts such a list back into its shape. Must not import operations.
 */
import { describe } from './describe.ts';
import { ArgumentError } from './errors.ts';

/** Leaves of type T in plain objects and arrays. */
export type Nest<T> = T | readonly Nest<T>[] | { readonly [key: string]: Nest<T> };

/** A nest taken apart. */
export interface Flat<T> {
  readonly leaves: T[];
  /** Where each leaf was: '', '[0].w', … */
  readonly paths: string[];
  /** Equal for nests of the same structure, with keys in the same order; fit for messages. */
  readonly structure: string;
  /** Puts as many new leaves into the same structure. */
  readonly rebuild: <U>(leaves: readonly U[]) => Nest<U>;
}

/**
 * Takes a nest apart. `isLeaf` says what counts as a leaf; anything else that is neither a plain object nor an array throws.
 * Where it should be like another nest, its leaves come in the order of that one, whatever order its keys were written in.
 */
export function flattenNest<T>(
  what: string,
  nest: unknown,
  isLeaf: (x: unknown) => x is T,
  expected = 'tensors',
  like?: Flat<unknown>,
): Flat<T> {
  const leaves: T[] = [];
  const paths: string[] = [];
  let structure = '';
  const rebuild = visit(nest, '', like?.rebuild([])) as Flat<T>['rebuild'];
  return { leaves, paths, structure, rebuild };

  function visit(node: unknown, path: string, other: unknown): Build {
    if (isLeaf(node)) {
      paths.push(path);
      structure += '*';
      return leafAt(leaves.push(node) - 1);
    }
    if (path.length > 999) throw new ArgumentError(`${what} is nested too deep, or in itself`);
    if (Array.isArray(node)) {
      structure += '[';
      const parts = Array.from(node, (child, i) => {
        if (i > 0) structure += ', ';
        return visit(child, `${path}[${i}]`, (other as Record<number, unknown> | undefined)?.[i]);
      });
      structure += ']';
      return listOf(parts);
    }
    if (isPlainObject(node)) {
      structure += '{';
      const keys = Object.keys(node);
      const order = isPlainObject(other) ? other : {};
      const places = Object.keys(order);
      if (like) keys.sort((a, b) => places.indexOf(a) - places.indexOf(b));
      const parts = keys.map((key, i) => {
        structure += `${i > 0 ? ', ' : ''}${JSON.stringify(key)}: `;
        return [key, visit(node[key], `${path}.${key}`, order[key])] as const;
      });
      structure += '}';
      return objectOf(parts);
    }
    const hint = ArrayBuffer.isView(node) ? '; use tensor(…)' : '';
    throw new ArgumentError(
      `${what}${path} must be a nest of ${expected} (plain objects and arrays), not ${describe(node)}${hint}`,
    );
  }
}

/** Puts leaves into their places. Made outside of `flattenNest`, so that whoever keeps it keeps no leaves. */
type Build = (leaves: readonly unknown[]) => unknown;

const leafAt =
  (index: number): Build =>
  (leaves) =>
    leaves[index];
const listOf =
  (parts: readonly Build[]): Build =>
  (leaves) =>
    parts.map((part) => part(leaves));
const objectOf =
  (parts: readonly (readonly [string, Build])[]): Build =>
  (leaves) =>
    Object.fromEntries(parts.map(([key, part]) => [key, part(leaves)]));

/** An object that is nothing but its entries. */
export function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false;
  const prototype = Object.getPrototypeOf(x) as unknown;
  return prototype === Object.prototype || prototype === null;
}
