/**
 * A row of an elementwise kernel: a loop over n > 0 elements at given addresses.
 * The one idea: what a row does hangs on its body and on how its operands are spaced, not on sizes or places, so one
 * function serves every shape, and all tiers. Must not import plans.
 */
import type { DType, ScalarStep } from '@jacobi/backend';
import { bytesPerElement } from '@jacobi/backend';
import type { Spacing } from './access.ts';
import { loadValue, storeValue } from './access.ts';
import type { Expr } from './assembler/expr.ts';
import { i32 } from './assembler/expr.ts';
import type { FunctionBuilder, Local, Signature } from './assembler/function.ts';
import type { Operand } from './body.ts';
import { domainOf, writeBody } from './body.ts';
import type { Importer } from './math/lanes.ts';
import type { Value } from './value.ts';
import { convert } from './value.ts';

/** What a row's code depends on: dtypes and spacings of the result, then of the inputs, and the body. */
export interface RowSpec {
  readonly dtypes: readonly DType[];
  readonly spacings: readonly Spacing[];
  readonly body: readonly ScalarStep[];
}

/** The same for the same code. */
export function keyOf({ dtypes, spacings, body }: RowSpec): string {
  const steps = body.map((step) =>
    'constant' in step
      ? `${Object.is(step.constant, -0) ? '-0' : step.constant}`
      : `${step.fn.name}(${step.args.join()})${step.dtype}`,
  );
  return `row:${dtypes.join()}:${spacings.join()}:${steps.join(';')}`;
}

/** True if every step has a form. */
export function canWrite({ dtypes, body }: RowSpec): boolean {
  const operands: Operand[] = dtypes.slice(1);
  for (const step of body) {
    if ('constant' in step) operands.push(step);
    else {
      const args = step.args.map((arg) => operands[arg]!);
      if (domainOf(step, args) === undefined) return false;
      operands.push(step.dtype);
    }
  }
  const [to] = dtypes;
  const last = operands.at(-1);
  // The store would have to wrap.
  return (
    !(to === 'int32' && (last === 'float32' || last === 'float64')) &&
    !(to === 'bool' && last !== 'bool' && typeof last === 'string')
  );
}

/** (n, address of the result, addresses of the inputs, then the strides in bytes of those that are spaced by 'any'). */
export function rowSignature({ spacings }: RowSpec): Signature {
  const strides = spacings.filter((spacing) => spacing === 'any');
  return { params: ['i32', ...spacings.map(() => 'i32' as const), ...strides.map(() => 'i32' as const)], results: [] };
}

/** An operand while the loop runs. */
export interface Cursor {
  readonly dtype: DType;
  readonly spacing: Spacing;
  readonly at: Local<'i32'>;
  /** Bytes from element to element. */
  readonly stride: Expr<'i32'> | undefined;
}

/** Operands whose addresses are parameters from `first` on; the strides of those that are spaced by 'any' from `next` on. */
export function cursorsOf(
  f: FunctionBuilder,
  dtypes: readonly DType[],
  spacings: readonly Spacing[],
  first: number,
  next: number,
): Cursor[] {
  let last = next;
  return spacings.map((spacing, i) => {
    const stride = spacing === 'any' ? f.param(last++, 'i32') : undefined;
    return { dtype: dtypes[i]!, spacing, at: f.param(first + i, 'i32'), stride };
  });
}

/** Up to four elements of an operand, or one. */
const load = (f: FunctionBuilder, { dtype, at, spacing, stride }: Cursor, left: Expr<'i32'>, simd: boolean): Value =>
  loadValue(f, dtype, at, spacing, stride, left, simd);

export function writeRow(f: FunctionBuilder, spec: RowSpec, simd: boolean, importer: Importer): void {
  const cursors = cursorsOf(f, spec.dtypes, spec.spacings, 1, 1 + spec.spacings.length);
  const [result, ...sources] = cursors;
  const left = f.param(0, 'i32');
  const width = simd ? 4 : 1;
  // What all elements share is read once.
  const shared = sources.map((each) => (each.spacing === 'zero' ? load(f, each, left, simd) : undefined));
  f.repeat(() => {
    const last = writeElements(f, spec, sources, left, simd, importer, shared);
    storeValue(f, last, result!.at, result!.spacing, result!.stride, left, simd);
    advance(f, result!, width);
    f.increment(left, -width);
    return i32.gt(left, i32.const(0));
  });
}

/** The next elements of a row, of which there are `left`: four, or one. Moves on behind them. */
export function writeElements(
  f: FunctionBuilder,
  { dtypes, body }: RowSpec,
  sources: readonly Cursor[],
  left: Expr<'i32'>,
  simd: boolean,
  importer: Importer,
  shared: readonly (Value | undefined)[] = [],
): Value {
  const width = simd ? 4 : 1;
  const inputs = sources.map((each, i) => shared[i] ?? load(f, each, left, simd));
  const value = writeBody({ f, width, import: importer }, inputs, body, dtypes[0]!);
  for (const each of sources) advance(f, each, width);
  return convert(f, value, dtypes[0]!, width);
}

function advance(f: FunctionBuilder, { dtype, spacing, at, stride }: Cursor, width: number): void {
  if (spacing === 'unit') f.increment(at, width * bytesPerElement(dtype));
  if (spacing === 'any') f.increment(at, i32.mul(stride!, i32.const(width)));
}
