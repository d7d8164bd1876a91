/**
 * Reductions and positions of extremes as code.
 * The one idea: one axis that vanishes is folded along, or across where results lie next to each other. Terms that a prologue
 * makes pass through a small place on their way; if several axes vanish that do not merge, all terms are first put together
 * in their order. Must not import plans.
 */
import type { ArgReduceKernel, DType, ReduceKernel, ScalarStep, Slot } from '@jacobi/backend';
import { bytesPerElement, inputsOf, rowMajor, termsApart, termType } from '@jacobi/backend';
import type { Spacing } from './access.ts';
import { loadValue, storeOne } from './access.ts';
import type { Expr } from './assembler/expr.ts';
import { choose, f32, f64, i32 } from './assembler/expr.ts';
import type { Callee, FunctionBuilder, Local, Signature } from './assembler/function.ts';
import type { Axis } from './axes.ts';
import { collapse, product } from './axes.ts';
import { writeBody } from './body.ts';
import { canLowerBody, emitMap, shapeOf } from './lower-map.ts';
import type { Lowering } from './lowering.ts';
import type { Float, FoldName, FoldSpec, Take } from './recipes/fold.ts';
import {
  acrossRecipe,
  alongRecipe,
  BLOCK,
  blockRecipe,
  IDENTITY,
  WIDTH,
  writeAcross,
  writeBlock,
  writeBlocks,
} from './recipes/fold.ts';
import { positionRecipe, wholeRecipe } from './recipes/whole.ts';
import { keyOf } from './row.ts';
import { SUMS } from './scratch.ts';
import { convert } from './value.ts';

type I32 = Expr<'i32'>;
const isFloat = (dtype: string): dtype is Float => dtype === 'float32' || dtype === 'float64';

/** How a reduction is computed: in float64 in one order, in whole numbers, or not here. */
export function reductionKind(kernel: ReduceKernel, slots: readonly Slot[]): 'fold' | 'whole' | undefined {
  const { reducer, output, prologue } = kernel;
  const [from, to] = [termType(kernel, slots), slots[output.slot]!.dtype];
  const dtypes = [from, ...inputsOf(kernel).map(({ slot }) => slots[slot]!.dtype)];
  if (prologue && !canLowerBody(dtypes, prologue.body)) return undefined;
  if (isFloat(from)) return isFloat(to) && Object.hasOwn(IDENTITY, reducer.name) ? 'fold' : undefined;
  if (from !== to) return undefined;
  const names = from === 'bool' ? ['any', 'all'] : ['sum', 'prod', 'max', 'min'];
  return names.includes(reducer.name) ? 'whole' : undefined;
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
  let { body } = kernel.prologue ?? {};
  let sources = inputsOf(kernel).map((access): Source => {
    return { dtype: l.dtype(access.slot), start: l.start(access), strides: access.strides };
  });
  if (count > 0 && (axesOf(sources).length > 1 || (body && !isFloat(dtype)))) {
    sources = [inOrder(l, kernel, sources, dtype)];
    body = undefined;
  }
  const [terms = { size: 1, strides: sources.map(() => 1) }] = axesOf(sources);
  const axes = collapse(kept, [output.strides, ...sources.map(({ strides }) => strides.slice(0, rank))]);
  const dtypes = [l.dtype(output.slot), ...sources.map((source) => source.dtype)];
  const run: Run = { l, axes, count, terms, dtypes, starts: [l.start(output), ...sources.map(({ start }) => start)] };
  if (isFloat(dtype)) fold(run, { name: reducer.name as FoldName, dtype }, count === 0 ? undefined : body);
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

/** `body`: what makes the terms of the sources' elements. */
function fold(run: Run, spec: FoldSpec, body: readonly ScalarStep[] | undefined): void {
  const { axes, count, terms, l } = run;
  const lane = axes.findIndex(({ size, strides }) => size >= 8 && strides.includes(1, 1));
  if (lane >= 0 && count > 1 && !terms.strides.includes(1)) {
    const [axis] = axes.splice(lane, 1);
    const step = i32.const(terms.strides[0]! * bytesPerElement(spec.dtype));
    const across = body ? acrossWith(run, spec, body, axis!) : acrossFunction(l, spec);
    sideBySide(run, axis!, (at, width) => {
      if (body) l.f.call(across, width, ...at);
      else l.f.call(across, i32.const(count), at[0]!, step, width);
    });
  } else if (body) nested(run, (at) => foldAlong(run, spec, body, at));
  else each(run, alongFunction(l, spec, terms.strides[0] === 1));
}

/** Code that makes the next terms of elements at `at`, as far apart as `strides` says. */
function maker(
  { l, dtypes }: Run,
  body: readonly ScalarStep[],
  strides: readonly number[],
): (f: FunctionBuilder, at: readonly Local<'i32'>[]) => Take {
  const { simd } = l.mode;
  const width = simd ? 4 : 1;
  const bytes = strides.map((stride, i) => i32.const(stride * bytesPerElement(dtypes[i + 1]!)));
  const spacing = (stride: number): Spacing => (stride === 1 ? 'unit' : stride === 0 ? 'zero' : 'any');
  return (f, at) => (left) => {
    const inputs = at.map((each, i) => {
      return loadValue(f, dtypes[i + 1]!, each, spacing(strides[i]!), bytes[i]!, left, simd);
    });
    const value = writeBody({ f, width, import: l.importer }, inputs, body, 'float64');
    at.forEach((each, i) => f.increment(each, i32.mul(bytes[i]!, i32.const(width))));
    return convert(f, value, 'float64', width).parts;
  };
}

/** The terms of one result, a block at a time. */
function foldAlong(run: Run, { name }: FoldSpec, body: readonly ScalarStep[], from: readonly I32[]): Expr<'f64'> {
  const { l, count, terms } = run;
  const { f } = l;
  const make = maker(run, body, terms.strides);
  const signature: Signature = { params: ['i32', ...from.map(() => 'i32' as const)], results: ['f64'] };
  const key = `${name}:${terms.strides.join()}:${keyOf({ dtypes: run.dtypes, spacings: [], body })}`;
  const block = l.module.named(key, signature, (own) => {
    const [n, ...at] = signature.params.map((_, i) => own.param(i, 'i32'));
    return writeBlock(own, name, n!, make(own, at), l.mode.simd);
  });
  const at = from.map((each) => f.let(each));
  return writeBlocks(f, name, f.let(i32.const(count)), (some, total) => {
    f.set(total, f.callFor('f64', block, some, ...at));
    at.forEach((each, i) => {
      f.increment(each, BLOCK * terms.strides[i]! * bytesPerElement(run.dtypes[i + 1]!));
    });
  });
}

/** The next term of each of some results, one term after the other: a function of (results, sources), which leaves them at SUMS. */
function acrossWith(run: Run, { name }: FoldSpec, body: readonly ScalarStep[], lane: Axis): Callee {
  const { l, count, terms, dtypes } = run;
  const make = maker(run, body, lane.strides.slice(1));
  const signature: Signature = { params: ['i32', ...terms.strides.map(() => 'i32' as const)], results: [] };
  return l.module.function(signature, (f) => {
    const [width, ...at] = signature.params.map((_, i) => f.param(i, 'i32'));
    writeAcross(f, name, l.mode.simd, f.let(i32.const(count)), width!, () => {
      const own = at.map((each) => f.let(each));
      at.forEach((each, i) => f.increment(each, terms.strides[i]! * bytesPerElement(dtypes[i + 1]!)));
      return make(f, own);
    });
  });
}

/** Bytes in place of elements. */
function inBytes({ dtypes }: Run, axes: readonly Axis[]): Axis[] {
  const sizes = dtypes.map(bytesPerElement);
  return axes.map(({ size, strides }) => ({ size, strides: strides.map((s, i) => s * sizes[i]!) }));
}

/** One result at a time. */
function nested(run: Run, result: (from: readonly Local<'i32'>[]) => Expr): void {
  const { l, axes, starts, dtypes } = run;
  const [to, ...from] = starts.map((start) => l.f.let(start));
  l.nest(inBytes(run, axes), [to!, ...from], () => {
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
  const [own] = inBytes(run, [lane]);
  l.nest(inBytes(run, run.axes), pointers, () => {
    const to = f.let(pointers[0]!);
    f.for(
      i32.const(lane.size),
      (w) => {
        const left = f.let(i32.sub(i32.const(lane.size), w));
        const width = f.let(choose(i32.lt(left, i32.const(WIDTH)), left, i32.const(WIDTH)));
        const at = pointers.slice(1).map((each, i) => i32.add(each, i32.mul(w, i32.const(own!.strides[i + 1]!))));
        call(at, width);
        f.for(width, (j) => {
          const value = f64.load(f.scratch(i32.shl(j, i32.const(3))), SUMS);
          storeOne(f, dtypes[0]!, to, dtypes[0] === 'float32' ? f32.demote(value) : value);
          f.increment(to, own!.strides[0]!);
        });
      },
      WIDTH,
    );
  });
}

function alongFunction(l: Lowering, spec: FoldSpec, unit: boolean): Callee {
  const { simd } = l.mode;
  const name = `fold:${spec.name}:${spec.dtype}:${unit ? 'unit' : 'any'}`;
  l.shared(`${name}:block`, () => blockRecipe(spec, unit, simd));
  return l.shared(name, () => alongRecipe(spec, `${name}:block`));
}

function acrossFunction(l: Lowering, spec: FoldSpec): Callee {
  return l.shared(`fold:${spec.name}:${spec.dtype}:across`, () => acrossRecipe(spec, l.mode.simd));
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
