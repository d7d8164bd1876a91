/**
 * Gradients, tangents and cotangents of a slice: the derivative programs that transforms and tapes run.
 * Must not import tapes.
 */
import type { Tensor } from '@jacobi/tensor';
import { full } from '@jacobi/tensor';
import type { TensorType } from '@jacobi/tensor/internal';
import { zerosOf } from '@jacobi/tensor/internal';
import { derive, pullSlice, pushSlice, runDerived } from './derive.ts';
import type { Slice } from './slice.ts';

/** Ones of a type. */
export function onesOf({ shape, dtype }: TensorType): Tensor {
  return full(shape, 1, { dtype });
}

/** Cotangents of the slice's sources from those of its targets; where none is given, from ones. */
export function runGradient(slice: Slice, given?: readonly (Tensor | null)[]): Tensor[] {
  const seeded = slice.targets.map((_, i) => (given?.[i] ?? null) !== null);
  const tag = `gradient:${seeded.map(Number).join('')}`;
  const derived = derive(tag, slice, (derivation) => {
    const seeds = slice.targets.map((v, i) => (seeded[i] ? derivation.input(slice.types[v]!) : onesOf(slice.types[v]!)));
    const cotangents = pullSlice(derivation, seeds);
    return { outputs: slice.sources.map((v, i) => cotangents[i] ?? zerosOf(slice.types[v]!)), meta: null };
  });
  return runDerived(derived, slice, given?.filter((g): g is Tensor => g !== null));
}

/** Tangents of the slice's targets from those of its sources. */
export function runTangent(slice: Slice, tangents: readonly Tensor[]): Tensor[] {
  const derived = derive('tangent', slice, (derivation) => {
    const incoming = slice.sources.map((v) => derivation.input(slice.types[v]!));
    const outgoing = pushSlice(derivation, incoming);
    return { outputs: slice.targets.map((v, i) => outgoing[i] ?? zerosOf(slice.types[v]!)), meta: null };
  });
  return runDerived(derived, slice, tangents);
}
