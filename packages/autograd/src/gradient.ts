/**
 * Gradients, tangents and cotangents of a slice: the derivative programs that transforms and tapes run.
 * Must not import tapes.
 */
import type { Tensor } from '@jacobi/tensor';
import { onesOf, zerosOf } from '@jacobi/tensor/internal';
import type { Derived } from './derive.ts';
import { derive, pullSlice, pushSlice, runDerived } from './derive.ts';
import type { Slice } from './slice.ts';

/** The program from the values of a slice and cotangents of its targets (`seeded`; ones for the others) to those of its sources. */
export function pullback(slice: Slice, seeded: readonly boolean[]): Derived {
  return derive(`pullback:${seeded.map(Number).join('')}`, slice, (derivation) => {
    const seeds = slice.targets.map((v, i) =>
      seeded[i] ? derivation.input(slice.types[v]!) : onesOf(slice.types[v]!),
    );
    const cotangents = pullSlice(derivation, seeds);
    return slice.sources.map((v, i) => cotangents[i] ?? zerosOf(slice.types[v]!));
  });
}

/**
 * The program from the values of a slice and tangents of its sources to those of its targets. `abstract`: it is only looked at,
 * and may hold rows that can be transposed and not run.
 */
export function pushforwardOf(slice: Slice, abstract = false): Derived {
  return derive(`pushforward:${abstract}`, slice, (derivation) => {
    const incoming = slice.sources.map((v) => derivation.input(slice.types[v]!));
    const outgoing = pushSlice(derivation, incoming, abstract);
    return slice.targets.map((v, i) => outgoing[i] ?? zerosOf(slice.types[v]!));
  });
}

/** Cotangents of the slice's sources from those of its targets; where none is given, from ones. */
export function runGradient(slice: Slice, given?: readonly (Tensor | null)[]): Tensor[] {
  const seeded = slice.targets.map((_, i) => Boolean(given?.[i]));
  return runDerived(
    pullback(slice, seeded),
    slice,
    given?.filter((g): g is Tensor => g !== null),
  );
}

/** Tangents of the slice's targets from those of its sources. */
export function runTangent(slice: Slice, tangents: readonly Tensor[]): Tensor[] {
  return runDerived(pushforwardOf(slice), slice, tangents);
}
