/**
 * From a slice of a recording to a derivative program, found again by structure the next time.
 * The one idea: derive once with shapes only, inside a trace; the program's inputs are the values that coefficients read,
 * then what the caller adds (seeds). Must not import tapes.
 */
import { counters, evaluate, mergeEqualRows, StructureCache } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import type { Program, Tangent, TensorType, Var } from '@jacobi/tensor/internal';
import { leadingTo, Trace, withFrame } from '@jacobi/tensor/internal';
import { pushforward } from './pushforward.ts';
import type { Slice } from './slice.ts';
import { transposeRows } from './transpose.ts';

/** A derivative program with what it reads of the slice. */
export interface Derived {
  readonly program: Program;
  /** Local variables of the slice whose values are the program's first inputs. */
  readonly residuals: readonly Var[];
}

/** What a derivation works with: inside its trace. */
export interface Derivation {
  readonly slice: Slice;
  /** The value of a local variable of the slice: an input of the program. */
  readonly value: (v: Var) => Tensor;
  /** A further input of the program, after the values. */
  input(type: TensorType): Tensor;
  readonly trace: Trace;
}

/** Programs are weighed by rows; a row with its types and plan is about this many bytes. */
const ROW_BYTES = 600;
const cache: StructureCache<unknown> = /* @__PURE__ */ new StructureCache(64 * 1024 * 1024);

/**
 * What `make` makes for a slice, from the cache where the same structure with the same tag was met before. Its program is what
 * weighs, and says whether it may be kept.
 */
export function byStructure<V extends object & { readonly program?: Program }>(
  tag: string,
  slice: Slice,
  make: () => V,
): V {
  const known = cache.get(tag, slice.structure) as V | undefined;
  if (known !== undefined) {
    counters.planHits++;
    return known;
  }
  counters.traces++;
  const value = make();
  const { program } = value;
  // Captured tensors would be kept alive, closures make structures that never come back.
  if (!program?.captured.length && slice.rows.every((r) => r.application.closures.length === 0))
    cache.set(tag, slice.structure, value, ((program?.rows.length ?? 0) + slice.structure.length / 20 + 4) * ROW_BYTES);
  return value;
}

/**
 * The program that `build` writes for a slice, or has written for one of the same structure. `build` returns the program's
 * outputs.
 */
export function derive(tag: string, slice: Slice, build: (derivation: Derivation) => readonly Tensor[]): Derived {
  return byStructure(tag, slice, () => deriveAnew(tag, slice, build));
}

function deriveAnew(tag: string, slice: Slice, build: (derivation: Derivation) => readonly Tensor[]): Derived {
  // Residuals become known while the rules run, but stand before the further inputs: they are put in order at the end.
  const trace = new Trace(tag);
  const residuals = new Map<Var, Tensor>();
  const further: Tensor[] = [];
  const derivation: Derivation = {
    slice,
    trace,
    value: (v) => {
      const t = residuals.get(v) ?? trace.input(slice.types[v]!);
      residuals.set(v, t);
      return t;
    },
    input: (type) => {
      const t = trace.input(type);
      further.push(t);
      return t;
    },
  };
  const program = mergeEqualRows(trace.finish(withFrame(trace, () => build(derivation))));
  // A value may have been asked for and then not be needed.
  const used = leadingTo(program.outputs, program.rows).values;
  const kept = [...residuals].filter(([, t]) => used.has(trace.variable(t)));
  const inputs = [...kept.map(([, t]) => t), ...further].map((t) => trace.variable(t));
  return { program: { ...program, inputs }, residuals: kept.map(([v]) => v) };
}

/** Runs a derived program on the values of a slice of the same structure. */
export function runDerived(derived: Derived, slice: Slice, further: readonly Tensor[] = []): Tensor[] {
  const inputs = derived.residuals.map((v) => slice.value(v));
  return evaluate(derived.program, inputs.concat(further));
}

/** The tangents of a slice's targets from those of its sources. */
export function pushSlice(
  { slice, value }: Derivation,
  sourceTangents: readonly Tangent[],
  abstract = false,
): Tangent[] {
  // The sources are its first variables.
  const tangents = [...sourceTangents];
  pushforward(slice.rows, value, tangents, abstract);
  return slice.targets.map((v) => tangents[v] ?? null);
}

/**
 * The cotangents of a slice's sources from those of its targets (null: zero). Writes the linear program first, on abstract
 * tangents, then transposes it; the abstract rows themselves lead nowhere and vanish from the program.
 */
export function pullSlice(derivation: Derivation, cotangents: readonly Tangent[]): Tangent[] {
  const { slice, trace } = derivation;
  const abstract = slice.sources.map((v) => trace.input(slice.types[v]!));
  const inputs = abstract.map((t) => trace.variable(t));
  const outputs = pushSlice(derivation, abstract, true);
  return transposeRows(
    [...trace.rows],
    inputs,
    outputs.flatMap((t, i) => {
      const ct = cotangents[i];
      return t && ct ? [[trace.variable(t), ct] as const] : [];
    }),
    (v) => trace.tensorOf(v),
  );
}
