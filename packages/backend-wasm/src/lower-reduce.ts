/**
 * Reductions and positions of extremes as code.
 * The one idea: one axis that vanishes is folded along, or across where results lie next to each other. Terms that a prologue
 * makes pass through a small place on their way; if several axes vanish that do not merge, all terms are first put together
 * in their order. Must not import plans.
 */
import type { ArgReduceKernel, Axis, DType, ReduceKernel, ScalarStep, Slot } from '@jacobi/backend';
import { bytesPerElement, collapse, inputsOf, rowMajor, termsApart, termType } from '@jacobi/backend';
import type { Spacing } from './access.ts';
import { storeOne } from './access.ts';
import type { Expr } from './assembler/expr.ts';
import { choose, f32, f64, i32 } from './assembler/expr.ts';
import type { Callee, Local } from './assembler/function.ts';
import { product } from './axes.ts';
import type { Recipe } from './library.ts';
import { canLowerBody, emitMap, shapeOf } from './lower-map.ts';
import type { Lowering } from './lowering.ts';
import type { FoldName } from './recipes/fold.ts';
import { acrossRecipe, BLOCK, blockRecipe, IDENTITY, WIDTH, writeBlocks } from './recipes/fold.ts';
import { isWhole, positionRecipe, wholeRecipe } from './recipes/whole.ts';
import type { RowSpec } from './row.ts';
import { keyOf } from './row.ts';
import { SUMS } from './scratch.ts';

type I32 = Expr<'i32'>;
const isFloat = (dtype: DType): dtype is 'float32' | 'float64' => dtype === 'float32' || dtype === 'float64';

/** How a reduction is computed: in float64 in one order, in whole numbers, or not here. */
export function reductionKind(kernel: ReduceKernel, slots: readonly Slot[]): 'fold' | 'whole' | undefined {
  const { reducer, output, prologue } = kernel;
  const [from, to] = [termType(kernel, slots), slots[output.slot]!.dtype];
  const dtypes = [from, ...inputsOf(kernel).map(({ slot }) => slots[slot]!.dtype)];
  if (prologue && !canLowerBody(dtypes, prologue.body)) return undefined;
  if (isFloat(from)) return isFloat(to) && Object.hasOwn(IDENTITY, reducer.name) ? 'fold' : undefined;
  return from === to && isWhole(reducer.name, from) ? 'whole' : undefined;
}

/** Where terms, or what they are made of, come from. */
interface Source {
  readonly dtype: DType;
  readonly start: I32;
  readonly strides: readonly number[];
}

export function lowerReduce(l: Lowering, kernel: ReduceKernel): void {
  const { kept, reduced, output, reducer } = kernel;
  if (kept.includes(0)) return;
  const rank = kept.length;
  const dtype = termType(kernel, l.slots);
  const count = product(reduced);
  const axesOf = (sources: readonly Source[]): Axis[] => {
    return collapse(
      reduced,
      sources.map(({ strides }) => strides.slice(rank)),
    );
  };
  let body = kernel.prologue?.body ?? [];
  let sources = inputsOf(kernel).map((access): Source => {
    return { dtype: l.dtype(access.slot), start: l.start(access), strides: access.strides };
  });
  if (count > 0 && (axesOf(sources).length > 1 || (body.length > 0 && !isFloat(dtype)))) {
    sources = [inOrder(l, kernel, sources, dtype)];
    body = [];
  }
  const [terms = { size: 1, strides: sources.map(() => 1) }] = axesOf(sources);
  const axes = collapse(kept, [output.strides, ...sources.map(({ strides }) => strides.slice(0, rank))]);
  const dtypes = [l.dtype(output.slot), ...sources.map((source) => source.dtype)];
  const run: Run = { l, axes, count, terms, dtypes, starts: [l.start(output), ...sources.map(({ start }) => start)] };
  if (isFloat(dtype)) fold(run, reducer.name as FoldName, body);
  else
    each(
      run,
      l.shared(`whole:${reducer.name}:${dtype}`, () => wholeRecipe(reducer.name, dtype)),
    );
}

/** All terms, made and put together in their order. */
function inOrder(l: Lowering, kernel: ReduceKernel, sources: readonly Source[], dtype: DType): Source {
  const [terms] = termsApart(kernel, 0);
  const start = l.space(product(terms.shape) * bytesPerElement(dtype));
  const shape = shapeOf(terms, [dtype, ...sources.map((source) => source.dtype)]);
  emitMap(l, shape, [start, ...sources.map((source) => source.start)]);
  return { dtype, start, strides: rowMajor(terms.shape) };
}

/** A reduction of `count` terms, for every index of `axes`. */
interface Run {
  readonly l: Lowering;
  /** With strides of the output and of the sources, in elements. */
  readonly axes: Axis[];
  readonly count: number;
  /** How far a source's elements for one result lie apart, in elements. */
  readonly terms: Axis;
  /** Of the output and of the sources. */
  readonly dtypes: readonly DType[];
  readonly starts: readonly I32[];
}

/** Floating terms, which `body` makes of the sources' elements. */
function fold(run: Run, name: FoldName, body: readonly ScalarStep[]): void {
  const { l, axes, count, terms } = run;
  const { simd } = l.mode;
  const lane = axes.findIndex(({ size, strides }) => size >= 8 && strides.includes(1, 1));
  if (lane >= 0 && count > 1 && !terms.strides.includes(1)) {
    const [axis] = axes.splice(lane, 1);
    const { row, strides } = rowAlong(run, axis!.strides.slice(1), body);
    const across = folding(l, `across:${name}:${keyOf(row)}`, row, () => acrossRecipe(name, row, simd));
    const steps = inBytes(run, [0, ...terms.strides]).slice(1);
    return sideBySide(run, axis!, (at, width) => {
      l.f.call(across, i32.const(count), width, ...at, ...[...steps, ...strides].map(i32.const));
    });
  }
  const { row, strides } = rowAlong(run, terms.strides, body);
  const block = folding(l, `block:${name}:${keyOf(row)}`, row, () => blockRecipe(name, row, simd));
  const total = (some: I32, at: readonly I32[]): Expr<'f64'> => {
    return l.f.callFor('f64', block, some, ...at, ...strides.map(i32.const));
  };
  nested(run, (from) => (count <= BLOCK ? total(i32.const(count), from) : foldBlocks(run, name, from, total)));
}

/** A row of terms of sources that lie so far apart, and the strides that its function has to be told. */
function rowAlong(
  run: Run,
  strides: readonly number[],
  body: readonly ScalarStep[],
): { readonly row: RowSpec; readonly strides: readonly number[] } {
  const spacings = strides.map((stride): Spacing => (stride === 1 ? 'unit' : stride === 0 ? 'zero' : 'any'));
  const bytes = inBytes(run, [0, ...strides]).slice(1);
  return {
    row: { dtypes: ['float64', ...run.dtypes.slice(1)], spacings: ['unit', ...spacings], body },
    strides: bytes.filter((_, i) => spacings[i] === 'any'),
  };
}

/** A function that all plans share, where the body is short, or the plan's own. */
function folding(l: Lowering, key: string, { body }: RowSpec, make: () => Recipe): Callee {
  if (body.length <= 1) return l.shared(key, make);
  const recipe = make();
  return l.module.named(key, recipe, (f) => recipe.write(f, l.importer, l.module));
}

/** The terms of one result, block by block. */
function foldBlocks(
  { l, count, terms, dtypes }: Run,
  name: FoldName,
  from: readonly I32[],
  block: (count: I32, at: readonly I32[]) => Expr<'f64'>,
): Expr<'f64'> {
  const { f } = l;
  const at = from.map((each) => f.let(each));
  return writeBlocks(f, name, f.let(i32.const(count)), (some, total) => {
    f.set(total, block(some, at));
    at.forEach((each, i) => f.increment(each, BLOCK * terms.strides[i]! * bytesPerElement(dtypes[i + 1]!)));
  });
}

/** Bytes in place of elements. */
const inBytes = ({ dtypes }: Run, strides: readonly number[]): number[] =>
  strides.map((stride, i) => stride * bytesPerElement(dtypes[i]!));

const axesInBytes = (run: Run): Axis[] =>
  run.axes.map(({ size, strides }) => ({ size, strides: inBytes(run, strides) }));

/** One result at a time. */
function nested(run: Run, result: (from: readonly Local<'i32'>[]) => Expr): void {
  const { l, starts, dtypes } = run;
  const [to, ...from] = starts.map((start) => l.f.let(start));
  l.nest(axesInBytes(run), [to!, ...from], () => {
    const value = result(from);
    storeOne(l.f, dtypes[0]!, to!, dtypes[0] === 'float32' ? f32.demote(value as Expr<'f64'>) : value);
  });
}

/** The same by a function of (count, address, stride). */
function each(run: Run, callee: Callee): void {
  const { l, count, terms, dtypes } = run;
  const stride = i32.const(terms.strides[0]! * bytesPerElement(dtypes[1]!));
  nested(run, ([from]) => l.f.callFor(callee.results[0]!, callee, i32.const(count), from!, stride));
}

/** Up to WIDTH results at a time, which `call` leaves at SUMS. */
function sideBySide(run: Run, lane: Axis, call: (at: readonly I32[], width: I32) => void): void {
  const { l, starts, dtypes } = run;
  const { f } = l;
  const pointers = starts.map((start) => f.let(start));
  const own = inBytes(run, lane.strides);
  l.nest(axesInBytes(run), pointers, () => {
    const to = f.let(pointers[0]!);
    f.for(
      i32.const(lane.size),
      (w) => {
        const left = f.let(i32.sub(i32.const(lane.size), w));
        const width = f.let(choose(i32.lt(left, i32.const(WIDTH)), left, i32.const(WIDTH)));
        const at = pointers.slice(1).map((each, i) => i32.add(each, i32.mul(w, i32.const(own[i + 1]!))));
        call(at, width);
        f.for(width, (j) => {
          const value = f64.load(f.scratch(i32.shl(j, i32.const(3))), SUMS);
          storeOne(f, dtypes[0]!, to, dtypes[0] === 'float32' ? f32.demote(value) : value);
          f.increment(to, own[0]!);
        });
      },
      WIDTH,
    );
  });
}

export function lowerArgReduce(l: Lowering, { kept, length, input, output, largest }: ArgReduceKernel): void {
  if (kept.includes(0) || length === 0) return;
  const dtype = l.dtype(input.slot);
  const callee = l.shared(`position:${largest}:${dtype}`, () => positionRecipe(largest, dtype));
  const axes = collapse(kept, [output.strides, input.strides.slice(0, -1)]);
  const terms: Axis = { size: length, strides: input.strides.slice(-1) };
  const starts = [l.start(output), l.start(input)];
  each({ l, axes, count: length, terms, dtypes: [l.dtype(output.slot), dtype], starts }, callee);
}
