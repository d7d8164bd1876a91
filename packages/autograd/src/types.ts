/**
 * Types of transformed functions: what may be given for their arguments, and what they give.
 * The one idea: a transform's type is that of f, argument by argument and leaf by leaf. Types only; no constraint may
 * refer to the parameter that it constrains, which makes the compiler run for minutes.
 */
import type { NestedLike, Tensor, Variable } from '@jacobi/tensor';
import type { AnyFunction, AnyNest, Argnums } from './call.ts';

/** What derivatives are taken with respect to. */
export type Source = Tensor | Variable;
/** Sources in plain objects and arrays. */
export type Sources = Source | readonly Sources[] | { readonly [key: string]: Sources };
/** What a transformed function takes where f takes a tensor. */
export type ArgumentLeaf = Source | number;

/**
 * Leaves in the structure of a nest; whatever is wanted, where its type does not say which it is. Arrays by their parts: those
 * inside of NoInfer, as other transforms give them, are no arrays for `keyof`.
 */
export type LikeNest<T, Leaf = Tensor> = [Sources] extends [T]
  ? AnyNest
  : [NestedLike] extends [T]
    ? Leaf
    : T extends ArgumentLeaf
      ? Leaf
      : T extends readonly [...infer Parts]
        ? { -readonly [K in keyof Parts]: LikeNest<Parts[K], Leaf> }
        : { -readonly [K in keyof T]: LikeNest<T[K], Leaf> };

/** The parameters of an f that says nothing of them: `x * x` does not compile, and a nest wants an annotation. */
export type Unannotated = Tensor[];

/** Arguments like these whose leaves are tensors: what f gets where it is called with them. */
export type LikeArguments<P extends readonly AnyNest[]> = { -readonly [K in keyof P]: LikeNest<P[K]> };

/** What a transformed function takes for an argument of f: leaves where f has tensors, the rest as it is. */
export type Argument<T, Leaf = ArgumentLeaf> = unknown extends T
  ? T
  : [NestedLike] extends [T]
    ? Leaf
    : T extends Source
      ? Leaf
      : T extends AnyFunction
        ? T
        : T extends object
          ? { readonly [K in keyof T]: Argument<T[K], Leaf> }
          : T;

/** What a transformed function takes for all arguments of f. */
export type Arguments<Args extends readonly AnyNest[], Leaf = ArgumentLeaf> = {
  [K in keyof Args]: Argument<Args[K], Leaf>;
};

/** The same; anything where f has no parameters, as a function that is constant may have none. */
export type Given<Args extends readonly AnyNest[]> = Args extends readonly [] ? readonly AnyNest[] : Arguments<Args>;

/** A function that takes what f takes. */
export type Transformed<Args extends readonly AnyNest[], Result> = (...args: Given<Args>) => NoInfer<Result>;

/** What is differentiated: one argument, or an array of them where argnums is an array. */
export type Chosen<Args extends readonly AnyNest[], N extends Argnums> = N extends number
  ? ArgumentAt<Args, N>
  : { -readonly [K in keyof N]: N[K] extends number ? ArgumentAt<Args, N[K]> : never };

/** An argument by its place, if that is written as a number ≥ 0. */
type ArgumentAt<Args extends readonly AnyNest[], N extends number> = Args extends readonly []
  ? AnyNest
  : number extends N
    ? AnyNest
    : `${N}` extends `-${string}`
      ? AnyNest
      : Args[N & keyof Args];

/** The value of what f returns: with hasAux, the first of two. */
export type ValueOf<R, Aux extends boolean> = [Aux] extends [false]
  ? R
  : [Aux, R] extends [true, readonly [infer Value, unknown]]
    ? Value
    : AnyNest;

/** Parts of a result, and with hasAux what f returns beside its value. */
export type WithAux<Parts extends AnyNest[], R, Aux extends boolean> = [Aux] extends [false]
  ? Parts
  : [Aux, R] extends [true, readonly [unknown, infer Beside]]
    ? [...Parts, Beside]
    : [...Parts, AnyNest?];

/** A result alone, or with hasAux as the first of two. */
export type AloneOrWithAux<Result, R, Aux extends boolean> = [Aux] extends [false]
  ? Result
  : [Aux] extends [true]
    ? WithAux<[Result], R, Aux>
    : AnyNest;
