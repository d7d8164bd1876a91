/**
 * Elementwise kernels as code: a row function, and loops over the other axes around it.
 * The one idea: a body of one step is so common that its row is shared by all plans; longer bodies are the plan's own.
 * Must not import plans.
 */
import type { Access, Axis, DType, MapKernel, ScalarStep, Slot } from '@jacobi/backend';
import { bytesPerElement, collapse, takeRow } from '@jacobi/backend';
import type { Spacing } from './access.ts';
import type { Expr } from './assembler/expr.ts';
import { i32 } from './assembler/expr.ts';
import type { Callee } from './assembler/function.ts';
import type { Lowering } from './lowering.ts';
import type { RowSpec } from './row.ts';
import { canWrite, keyOf, rowSignature, writeRow } from './row.ts';

/** A kernel's axes, the one that rows run along, and what a row does. */
export interface MapShape {
  readonly outer: readonly Axis[];
  readonly row: Axis;
  readonly spec: RowSpec;
  readonly accesses: readonly Access[];
}

/** `dtypes` of the output, then of the inputs. */
export function shapeOf({ shape, inputs, output, body }: MapKernel, dtypes: readonly DType[]): MapShape {
  const accesses = [output, ...inputs];
  const outer = collapse(
    shape,
    accesses.map((a) => a.strides),
  );
  const row = takeRow(outer, accesses.length);
  const spacings = row.strides.map((stride, i): Spacing => {
    if (stride === 1 || (i === 0 && row.size === 1)) return 'unit';
    return stride === 0 && i > 0 ? 'zero' : 'any';
  });
  return { outer, row, accesses, spec: { dtypes, spacings, body } };
}

/** Operands that a row function can take. */
const MOST_OPERANDS = 24;

export function canLowerMap({ inputs, output, body }: MapKernel, slots: readonly Slot[]): boolean {
  const dtypes = [output, ...inputs].map(({ slot }) => slots[slot]!.dtype);
  return canLowerBody(dtypes, body);
}

/** True if a body has a form; `dtypes` of the result, then of the operands. */
export function canLowerBody(dtypes: readonly DType[], body: readonly ScalarStep[]): boolean {
  return dtypes.length <= MOST_OPERANDS && canWrite({ dtypes, spacings: [], body });
}

export function lowerMap(l: Lowering, kernel: MapKernel): void {
  if (kernel.shape.includes(0)) return;
  const accesses = [kernel.output, ...kernel.inputs];
  const starts = accesses.map((a) => l.start(a));
  emitMap(
    l,
    shapeOf(
      kernel,
      accesses.map((a) => l.dtype(a.slot)),
    ),
    starts,
  );
}

/** A map between any places. */
export function emitMap(l: Lowering, { outer, row, spec }: MapShape, starts: readonly Expr<'i32'>[]): void {
  const sizes = spec.dtypes.map(bytesPerElement);
  const callee = rowFunction(l, spec);
  const pointers = starts.map((start) => l.f.let(start));
  const strides = row.strides.flatMap((s, i) => (spec.spacings[i] === 'any' ? [i32.const(s * sizes[i]!)] : []));
  const axes = outer.map(({ size, strides: own }) => ({ size, strides: own.map((s, i) => s * sizes[i]!) }));
  l.nest(axes, pointers, () => l.f.call(callee, i32.const(row.size), ...pointers, ...strides));
}

function rowFunction(l: Lowering, spec: RowSpec): Callee {
  const key = keyOf(spec);
  const { simd } = l.mode;
  if (spec.body.length <= 1) {
    return l.shared(key, () => ({ ...rowSignature(spec), write: (f, importer) => writeRow(f, spec, simd, importer) }));
  }
  return l.module.named(key, rowSignature(spec), (f) => writeRow(f, spec, simd, l.importer));
}

/** A copy of one access's elements, in order, to places next to each other. */
export function emitCopy(
  l: Lowering,
  shape: readonly number[],
  from: { readonly dtype: DType; readonly start: Expr<'i32'>; readonly strides: readonly number[] },
  to: { readonly dtype: DType; readonly start: Expr<'i32'>; readonly strides: readonly number[] },
  body: readonly ScalarStep[] = [],
): void {
  const access = (strides: readonly number[]): Access => ({ slot: 0, offset: 0, strides });
  const kernel: MapKernel = { kind: 'map', shape, inputs: [access(from.strides)], output: access(to.strides), body };
  emitMap(l, shapeOf(kernel, [to.dtype, from.dtype]), [to.start, from.start]);
}
