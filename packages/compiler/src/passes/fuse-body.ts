/**
 * Bodies of elementwise kernels in the making.
 * The one idea: what a body computes is put together from operands that are there already, so that equal inputs and equal
 * steps are one, numbers are computed ahead and neutral elements vanish, each without changing a bit of the result.
 * Must not import plans' passes.
 */
import type { Access, DType, ScalarFunction, ScalarStep } from '@jacobi/backend';
import { DTYPES, isFloating } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { held, isExact } from './exact.ts';

/** An operand of a body in the making: steps count from 0, inputs are ~0, ~1, … */
export type Ref = number;

interface Call {
  readonly fn: ScalarFunction;
  readonly args: readonly Ref[];
  readonly dtype: DType;
}
type Step = Call | { readonly constant: number };

const numbers: Map<ScalarFunction, number> = /* @__PURE__ */ new Map<ScalarFunction, number>();
const MOST_REFS = 4096;

/** What equal calls have in common: a number where it is large enough, which is found faster than a text. */
function keyOf(fn: ScalarFunction, args: readonly Ref[], dtype: DType): string | number {
  let number = numbers.get(fn);
  if (number === undefined) numbers.set(fn, (number = numbers.size));
  const kind = number * DTYPES.length + DTYPES.indexOf(dtype);
  let [a, b = 0] = args as readonly [Ref, Ref?];
  if (args.length > 2 || Math.max(Math.abs(a), Math.abs(b)) >= MOST_REFS / 2) return `${kind} ${args.join()}`;
  if (b > a && (fn === scalar.add || fn === scalar.mul)) [a, b] = [b, a];
  return (kind * MOST_REFS + a + MOST_REFS / 2) * MOST_REFS + b + MOST_REFS / 2;
}

/** Whether exact zeros of a program (fills, seeds) swallow what they are multiplied with, or keep NaN and ∞ alive. */
export type Zeros = 'exact' | 'vanish';

/** Puts a body together. */
export class BodyWriter {
  readonly #inputs: Access[] = [];
  readonly #dtypes: DType[] = [];
  readonly #steps: Step[] = [];
  readonly #known = new Map<string | number, Ref>();
  readonly #zeros: Zeros;

  constructor(zeros: Zeros = 'exact') {
    this.#zeros = zeros;
  }

  /** An element of a slot of the given dtype. */
  input(access: Access, dtype: DType): Ref {
    const key = `${access.slot}+${access.offset}:${access.strides.join()}`;
    return this.#once(key, () => {
      this.#dtypes.push(dtype);
      return ~(this.#inputs.push(access) - 1);
    });
  }

  constant(value: number): Ref {
    return this.#once(Object.is(value, -0) ? 'c-0' : `c${value}`, () => this.#steps.push({ constant: value }) - 1);
  }

  /** A function of operands: known already, simplified, or a step more. */
  call(fn: ScalarFunction, args: readonly Ref[], dtype: DType): Ref {
    const simple = this.#fold(fn, args, dtype) ?? this.#neutral(fn, args, dtype);
    if (simple !== undefined) return simple;
    return this.#once(keyOf(fn, args, dtype), () => this.#steps.push({ fn, args, dtype }) - 1);
  }

  /** The result of a whole body on operands. */
  append(body: readonly ScalarStep[], operands: readonly Ref[]): Ref {
    const refs = [...operands];
    for (const step of body) {
      if ('constant' in step) refs.push(this.constant(step.constant));
      else {
        refs.push(
          this.call(
            step.fn,
            step.args.map((arg) => refs[arg]!),
            step.dtype,
          ),
        );
      }
    }
    return body.length === 0 ? refs[0]! : refs.at(-1)!;
  }

  /** The operand as a slot of a dtype holds it; undefined where that is not a rounding of floating numbers. */
  stored(ref: Ref, dtype: DType): Ref | undefined {
    const value = this.value(ref);
    if (value !== undefined) return this.constant(held(value, dtype));
    if (this.#dtype(ref) === dtype) return ref;
    return isFloating(dtype) ? this.call(scalar.identity, [ref], dtype) : undefined;
  }

  /** The number that an operand is, if it is one. */
  value(ref: Ref): number | undefined {
    const step = ref < 0 ? undefined : this.#steps[ref]!;
    return step !== undefined && 'constant' in step ? step.constant : undefined;
  }

  /** Inputs and steps that the result needs. */
  finish(result: Ref): { readonly inputs: readonly Access[]; readonly body: readonly ScalarStep[] } {
    if (result < 0) return { inputs: [this.#inputs[~result]!], body: [] };
    // Numbers of operands plus one, by step and by input; 0: not needed.
    const ofSteps = new Array<number>(result + 1).fill(0);
    const ofInputs = new Array<number>(this.#inputs.length).fill(0);
    ofSteps[result] = 1;
    for (let i = result; i >= 0; i--) {
      const step = this.#steps[i]!;
      if (ofSteps[i] === 0 || 'constant' in step) continue;
      for (const arg of step.args) {
        if (arg < 0) ofInputs[~arg] = 1;
        else ofSteps[arg] = 1;
      }
    }
    const inputs: Access[] = [];
    for (let i = 0; i < ofInputs.length; i++) if (ofInputs[i]! > 0) ofInputs[i] = inputs.push(this.#inputs[i]!);
    const body: ScalarStep[] = [];
    for (let i = 0; i <= result; i++) {
      if (ofSteps[i] === 0) continue;
      const step = this.#steps[i]!;
      if ('constant' in step) body.push(step);
      else {
        const { fn, dtype } = step;
        body.push({ fn, args: step.args.map((arg) => (arg < 0 ? ofInputs[~arg]! : ofSteps[arg]!) - 1), dtype });
      }
      ofSteps[i] = inputs.length + body.length;
    }
    return { inputs, body };
  }

  #once(key: string | number, make: () => Ref): Ref {
    let ref = this.#known.get(key);
    if (ref === undefined) {
      ref = make();
      this.#known.set(key, ref);
    }
    return ref;
  }

  /** The dtype that an operand is rounded to; undefined for numbers, which have none. */
  #dtype(ref: Ref): DType | undefined {
    if (ref < 0) return this.#dtypes[~ref]!;
    const step = this.#steps[ref]!;
    return 'constant' in step ? undefined : step.dtype;
  }

  /** A function of numbers, where every target gives the same. */
  #fold(fn: ScalarFunction, args: readonly Ref[], dtype: DType): Ref | undefined {
    if (!isExact(fn)) return undefined;
    const numbers: number[] = [];
    for (const arg of args) {
      const value = this.value(arg);
      if (value === undefined) return undefined;
      numbers.push(value);
    }
    const call: (...operands: number[]) => number = (dtype === 'int32' ? fn.int : undefined) ?? fn.js;
    return this.constant(held(call(...numbers), dtype));
  }

  /** An operand that the result is equal to, in every bit. */
  #neutral(fn: ScalarFunction, args: readonly Ref[], dtype: DType): Ref | undefined {
    const [a, b, c] = args as [Ref, Ref, Ref];
    const is = (ref: Ref, number: number): boolean => Object.is(this.value(ref), number);
    const same = (ref: Ref): Ref | undefined => (this.#dtype(ref) === dtype ? ref : this.#rounded(ref, dtype));
    const vanish = this.#zeros === 'vanish' && isFloating(dtype);
    const zero = (ref: Ref): boolean => is(ref, 0) || is(ref, -0);
    const nothing = (ref: Ref): boolean => is(ref, -0) || ((vanish || dtype === 'int32') && is(ref, 0));
    switch (fn) {
      case scalar.identity:
        return this.#dtype(a) === dtype ? a : undefined;
      case scalar.mul:
        if (vanish && (zero(a) || zero(b))) return this.constant(0);
        if (is(a, 1)) return same(b);
        if (is(b, 1)) return same(a);
        return is(a, -1) || is(b, -1) ? this.call(scalar.neg, [is(a, -1) ? b : a], dtype) : undefined;
      case scalar.add:
        return nothing(a) ? same(b) : nothing(b) ? same(a) : undefined;
      case scalar.sub:
        if (is(a, -0)) return this.call(scalar.neg, [b], dtype);
        return is(b, 0) || (vanish && zero(b)) ? same(a) : undefined;
      case scalar.div:
        if (vanish && zero(a)) return this.constant(0);
        return is(b, 1) ? same(a) : this.#byReciprocal(a, b, dtype);
      case scalar.neg:
        return this.#inner(scalar.neg, a, dtype);
      case scalar.select: {
        const known = this.value(a);
        if (known !== undefined) return same(known !== 0 ? b : c);
        return b === c ? same(b) : undefined;
      }
      default:
        return undefined;
    }
  }

  /** An operand in a dtype: a number as it is held, anything else only if rounding is what a step would do. */
  #rounded(ref: Ref, dtype: DType): Ref | undefined {
    const value = this.value(ref);
    if (value !== undefined) return this.constant(held(value, dtype));
    return isFloating(dtype) ? this.call(scalar.identity, [ref], dtype) : undefined;
  }

  /** x where `ref` is fn(x), both in the dtype. */
  #inner(fn: ScalarFunction, ref: Ref, dtype: DType): Ref | undefined {
    const step = ref < 0 ? undefined : this.#steps[ref]!;
    if (step === undefined || !('fn' in step) || step.fn !== fn || step.dtype !== dtype) return undefined;
    return this.#dtype(step.args[0]!) === dtype ? step.args[0] : undefined;
  }

  /** Division by a power of two is a multiplication, with the same rounding. */
  #byReciprocal(a: Ref, b: Ref, dtype: DType): Ref | undefined {
    const value = this.value(b);
    if (value === undefined || !isFloating(dtype)) return undefined;
    const exponent = Math.log2(Math.abs(value));
    if (!Number.isInteger(exponent) || Math.abs(exponent) > 100 || 2 ** exponent !== Math.abs(value)) return undefined;
    return this.call(scalar.mul, [a, this.constant(1 / value)], dtype);
  }
}
