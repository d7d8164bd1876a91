/**
 * Reductions and positions of extremes as code.
 * The one idea: one axis that vanishes is folded along, or across where results lie next to each other; if several axes
 * vanish that do not merge, the elements are first copied together in their order. Must not import plans.
 */
import type { ArgReduceKernel, ReduceKernel, Slot } from '@jacobi/backend';
import { bytesPerElement, rowMajor } from '@jacobi/backend';
import { storeOne } from './access.ts';
import type { Expr } from './assembler/expr.ts';
import { choose, f32, f64, i32 } from './assembler/expr.ts';
import type { Callee } from './assembler/function.ts';
import type { Axis } from './axes.ts';
import { collapse, product } from './axes.ts';
import { emitCopy } from './lower-map.ts';
import type { Lowering } from './lowering.ts';
import type { Float, FoldName, FoldSpec } from './recipes/fold.ts';
import { acrossRecipe, alongRecipe, blockRecipe, IDENTITY, WIDTH } from './recipes/fold.ts';
import { positionRecipe, wholeRecipe } from './recipes/whole.ts';
import { SUMS } from './scratch.ts';

type I32 = Expr<'i32'>;
const isFloat = (dtype: string): dtype is Float => dtype === 'float32' || dtype === 'float64';

/** How a reduction is computed: in float64 in one order, in whole numbers, or not here. */
export function reductionKind(
  { reducer, input, output }: ReduceKernel,
  slots: readonly Slot[],
): 'fold' | 'whole' | undefined {
  const [from, to] = [slots[input.slot]!.dtype, slots[output.slot]!.dtype];
  if (isFloat(from)) return isFloat(to) && Object.hasOwn(IDENTITY, reducer.name) ? 'fold' : undefined;
  if (from !== to) return undefined;
  const names = from === 'bool' ? ['any', 'all'] : ['sum', 'prod', 'max', 'min'];
  return names.includes(reducer.name) ? 'whole' : undefined;
}

export function lowerReduce(l: Lowering, kernel: ReduceKernel): void {
  const { kept, reduced, input, output, reducer } = kernel;
  if (kept.includes(0)) return;
  const rank = kept.length;
  const dtype = l.dtype(input.slot);
  const own = collapse(reduced, [input.strides.slice(rank)]);
  const count = product(reduced);
  let from = { start: l.start(input), strides: input.strides };
  if (own.length > 1 && count > 0) {
    const shape = [...kept, ...reduced];
    const copy = { dtype, start: l.space(product(shape) * bytesPerElement(dtype)), strides: rowMajor(shape) };
    emitCopy(l, shape, { dtype, ...from }, copy);
    from = copy;
  }
  const step = own.length > 1 ? 1 : (own[0]?.strides[0] ?? 1);
  const axes = collapse(kept, [output.strides, from.strides.slice(0, rank)]);
  const run: Run = { l, axes, count, step, from: from.start, to: l.start(output), slots: [output.slot, input.slot] };
  if (isFloat(dtype)) fold(run, { name: reducer.name as FoldName, dtype });
  else
    each(
      run,
      l.shared(`whole:${reducer.name}:${dtype}`, () => wholeRecipe(reducer.name, dtype)),
    );
}

/** A reduction of `count` elements that lie `step` elements apart, for every index of `axes`. */
interface Run {
  readonly l: Lowering;
  /** With strides of output and input, in elements. */
  readonly axes: Axis[];
  readonly count: number;
  readonly step: number;
  readonly from: I32;
  readonly to: I32;
  /** Of output and input. */
  readonly slots: readonly [number, number];
}

function fold(run: Run, spec: FoldSpec): void {
  const { axes, count, step, l } = run;
  const lane = axes.findIndex((axis) => axis.strides[1] === 1);
  if (lane >= 0 && axes[lane]!.size >= 8 && step !== 1 && count > 1) {
    const [axis] = axes.splice(lane, 1);
    const bytes = bytesPerElement(spec.dtype);
    const across = acrossFunction(l, spec);
    sideBySide(run, axis!, (at, width) => l.f.call(across, i32.const(count), at, i32.const(step * bytes), width));
  } else each(run, alongFunction(l, spec, step === 1));
}

/** One result at a time. */
function each({ l, axes, count, step, from, to, slots }: Run, callee: Callee): void {
  const [output, input] = slots.map((slot) => l.dtype(slot));
  const pointers = [l.f.let(to), l.f.let(from)];
  const stride = i32.const(step * bytesPerElement(input!));
  l.nest(l.inBytes(axes, slots), pointers, () => {
    const type = callee.results[0]!;
    const value = l.f.callFor(type, callee, i32.const(count), pointers[1]!, stride);
    storeOne(l.f, output!, pointers[0]!, output === 'float32' ? f32.demote(value as Expr<'f64'>) : value);
  });
}

/** Up to WIDTH results at a time, which `call` leaves at SUMS. */
function sideBySide(
  run: Pick<Run, 'l' | 'axes' | 'from' | 'to' | 'slots'>,
  lane: Axis,
  call: (at: I32, width: I32) => void,
): void {
  const { l, slots } = run;
  const { f } = l;
  const [output, input] = slots.map((slot) => l.dtype(slot));
  const [outBytes, inBytes] = [bytesPerElement(output!), bytesPerElement(input!)];
  const pointers = [f.let(run.to), f.let(run.from)];
  l.nest(l.inBytes(run.axes, slots), pointers, () => {
    const to = f.let(pointers[0]!);
    f.for(
      i32.const(lane.size),
      (w) => {
        const left = f.let(i32.sub(i32.const(lane.size), w));
        const width = f.let(choose(i32.lt(left, i32.const(WIDTH)), left, i32.const(WIDTH)));
        call(i32.add(pointers[1]!, i32.mul(w, i32.const(inBytes))), width);
        f.for(width, (j) => {
          const value = f64.load(f.scratch(i32.shl(j, i32.const(3))), SUMS);
          storeOne(f, output!, to, output === 'float32' ? f32.demote(value) : value);
          f.increment(to, lane.strides[0]! * outBytes);
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
  const step = input.strides.at(-1)!;
  each(
    { l, axes, count: length, step, from: l.start(input), to: l.start(output), slots: [output.slot, input.slot] },
    callee,
  );
}
