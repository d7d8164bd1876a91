/**
 * checkGradients: are a function's derivatives right? Compares them with difference quotients of its values.
 * The one idea: everything happens in float64, where central differences are good to nine digits, so that tolerances are tight.
 */
import { isFloating } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError, DTypeError } from '@jacobi/tensor';
import { castTo, checkInteger, checkOptions, describe, formatType, tensorFromData } from '@jacobi/tensor/internal';
import type { AnyFunction } from './call.ts';
import { buildArguments, checkFunction, flattenArgument, flattenResult } from './call.ts';
import type { Lists } from './differences.ts';
import { differenceQuotient } from './differences.ts';
import { GradientCheckError } from './errors.ts';
import { jvp, vjp } from './modes.ts';

/** A way to differentiate. */
export type GradientMode = 'forward' | 'reverse';

/** Options of `checkGradients`. */
export interface CheckGradientsOptions {
  /** Highest order of derivative to check. Default 1. */
  readonly order?: number;
  /** Which modes to check. Default both; at higher orders, in all combinations. */
  readonly modes?: readonly GradientMode[];
  /** Allowed error relative to the difference quotient. Default 1e-6. */
  readonly rtol?: number;
  /** Allowed absolute error. Default 1e-7. */
  readonly atol?: number;
}

/** A function of float64 tensors with a list of float64 results; names are for messages. */
interface Checked {
  readonly f: (xs: readonly Tensor[]) => Tensor[];
  readonly xs: readonly Tensor[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

interface Limits {
  readonly rtol: number;
  readonly atol: number;
}

/** Up to this many elements go one by one; larger arguments are moved along random directions. */
const SMALL = 64;
const DIRECTIONS = 4;
const STEP = 1e-4;
const MOST = 10;

/**
 * Checks derivatives of f at the point `args` against central differences; returns nothing if they agree.
 *
 * Floating arguments are cast to float64 (as f is then expected to compute), integers and booleans are held constant; so f is
 * to be written for any dtype. With up to 64 elements each entry of the Jacobian is compared, else derivatives along random
 * directions, the same in each run. The point should not be on a kink, nor nearer than 1e-4 to one.
 * @param args The arguments of f, in an array.
 * @throws GradientCheckError with the worst entry: its indices, both values and the error. DTypeError if f gives something
 *   other than float64 for float64; ArgumentError for options.
 * @example
 * checkGradients((x) => sum(square(x)), [tensor([1, 2, 3])], { order: 2 })
 */
export function checkGradients(f: AnyFunction, args: readonly unknown[], options: CheckGradientsOptions = {}): void {
  checkFunction('checkGradients', f);
  if (!Array.isArray(args) || args.length === 0) {
    throw new ArgumentError(
      `checkGradients: args must be an array with one entry an argument, not ${describe(args)}; write [x] for one argument`,
    );
  }
  const { order, modes, limits } = checkedOptions(options);
  const checked = prepare(f, args);
  checkOrder(checked, order, modes, limits, []);
}

function checkedOptions(options: CheckGradientsOptions): {
  order: number;
  modes: readonly GradientMode[];
  limits: Limits;
} {
  checkOptions('checkGradients', options, ['order', 'modes', 'rtol', 'atol']);
  const { order = 1, modes = ['forward', 'reverse'], rtol = 1e-6, atol = 1e-7 } = options;
  checkInteger('checkGradients', 'order', order, 1);
  if (order > MOST)
    throw new ArgumentError(`checkGradients: order must be at most ${MOST}, not ${order}: each order doubles the work`);
  if (
    !Array.isArray(modes) ||
    modes.length === 0 ||
    Array.from(modes).some((m) => m !== 'forward' && m !== 'reverse')
  ) {
    throw new ArgumentError(
      `checkGradients: modes must be a non-empty array of 'forward' and 'reverse', not ${describe(modes)}`,
    );
  }
  for (const [name, value] of Object.entries({ rtol, atol })) {
    if (typeof value !== 'number' || !(value >= 0))
      throw new ArgumentError(`checkGradients: ${name} must be a number ≥ 0, not ${describe(value)}`);
  }
  return { order, modes, limits: { rtol, atol } };
}

/** The function on flat lists of float64 tensors, all else held constant. */
function prepare(f: AnyFunction, args: readonly unknown[]): Checked {
  const flats = Array.from(args, (arg: unknown, i) => flattenArgument('checkGradients', `args[${i}]`, arg));
  const leaves = flats.flatMap((flat) => flat.leaves.map((t) => (isFloating(t.dtype) ? castTo(t, 'float64') : t)));
  const names = flats.flatMap((flat, i) => flat.paths.map((path) => `args[${i}]${path}`));
  const places = leaves.flatMap((t, i) => (isFloating(t.dtype) ? [i] : []));
  if (places.length === 0) {
    throw new DTypeError(
      `checkGradients: no argument is floating (${leaves.map((t) => formatType(t.type)).join(', ')}), and integers carry no derivative`,
    );
  }
  const call = (xs: readonly Tensor[]): { leaves: Tensor[]; paths: string[] } => {
    const all = [...leaves];
    places.forEach((p, i) => {
      all[p] = xs[i]!;
    });
    const result = flattenResult('checkGradients', f(...buildArguments(flats, all)));
    const floating = result.leaves.map((t) => isFloating(t.dtype));
    return { leaves: result.leaves.filter((_, i) => floating[i]), paths: result.paths.filter((_, i) => floating[i]) };
  };
  const xs = places.map((p) => leaves[p]!);
  const { leaves: ys, paths } = call(xs);
  if (ys.length === 0)
    throw new DTypeError('checkGradients: f returns nothing floating, so there is nothing to differentiate');
  const narrow = ys.find((t) => t.dtype !== 'float64');
  if (narrow !== undefined) {
    throw new DTypeError(
      `checkGradients: f gives ${formatType(narrow.type)} for float64 arguments; differences need float64 all the way: remove the cast inside f, and return tensors, not numbers`,
    );
  }
  return {
    f: (moved) => call(moved).leaves,
    xs,
    inputs: places.map((p) => names[p]!),
    outputs: paths.map((path) => `output${path}`),
  };
}

/** Checks the first derivatives, then those of each way to compute them. */
function checkOrder(
  checked: Checked,
  order: number,
  modes: readonly GradientMode[],
  limits: Limits,
  path: readonly GradientMode[],
): void {
  for (const mode of modes) checkMode(checked, mode, limits, path);
  if (order === 1) return;
  for (const mode of modes) checkOrder(derivativeOf(checked, mode), order - 1, modes, limits, [...path, mode]);
}

/** The derivative along a fixed direction (or pulled back from one) as a function of its own. */
function derivativeOf({ f, xs, inputs, outputs }: Checked, mode: GradientMode): Checked {
  if (mode === 'forward') {
    const u = xs.map((t, i) => direction(t, i));
    return { f: (moved) => pushed(f, moved, u), xs, inputs, outputs: outputs.map((name) => `(J·u).${name}`) };
  }
  const v = f(xs).map((t, i) => direction(t, i + 100));
  return { f: (moved) => pulled(f, moved, v), xs, inputs, outputs: inputs.map((name) => `(Jᵀ·v).${name}`) };
}

const pushed = (f: Checked['f'], xs: readonly Tensor[], tangents: readonly Tensor[]): Tensor[] =>
  jvp((...moved: Tensor[]) => f(moved), [...xs], [...tangents])[1];
const pulled = (f: Checked['f'], xs: readonly Tensor[], cotangents: readonly Tensor[]): Tensor[] =>
  vjp((...moved: Tensor[]) => f(moved), ...xs)[1]([...cotangents]);

function checkMode(checked: Checked, mode: GradientMode, limits: Limits, path: readonly GradientMode[]): void {
  const { f, xs } = checked;
  const found = new Worst(limits);
  const ys = f(xs);
  const moves = movesOf(xs, 1000);
  const numeric = moves.map((move) => differences(f, xs, move));
  if (mode === 'forward') {
    moves.forEach((move, m) => {
      pushed(f, xs, move.tangents).forEach((dy, o) => {
        found.compare(dy.dataSync(), numeric[m]![o]!, (k) => entry(checked, ys, o, k, move));
      });
    });
  } else {
    for (const seed of movesOf(ys, 77)) {
      const back = pulled(f, xs, seed.tangents);
      moves.forEach((move, m) => {
        const byRule = inner(back, move.tangents);
        const byDifference = inner(
          seed.tangents,
          numeric[m]!.map((data, o) => like(ys[o]!, data)),
        );
        found.compare([byRule], [byDifference], () => entry(checked, ys, seed.input, seed.element, move));
      });
    }
  }
  found.report(mode, path);
}

/** A direction in which tensors move; `input` and `element` where it is one coordinate of one of them. */
interface Move {
  readonly tangents: readonly Tensor[];
  readonly input: number | null;
  readonly element: number;
}

/** Each coordinate in turn, or random directions (the same in each run) where there are many. */
function movesOf(xs: readonly Tensor[], salt: number): Move[] {
  if (xs.reduce((n, t) => n + t.size, 0) > SMALL) {
    return Array.from({ length: DIRECTIONS }, (_, m) => ({
      tangents: xs.map((t, i) => direction(t, salt * (m + 1) + i)),
      input: null,
      element: 0,
    }));
  }
  const unit = (input: number, element: number): Tensor[] =>
    xs.map((t, i) =>
      like(
        t,
        Float64Array.from({ length: t.size }, (_, k) => Number(i === input && k === element)),
      ),
    );
  return xs.flatMap((x, input) =>
    Array.from({ length: x.size }, (_, element) => ({ tangents: unit(input, element), input, element })),
  );
}

/** The step is measured by the size of the coordinates that move. */
function differences(f: Checked['f'], xs: readonly Tensor[], move: Move): Float64Array[] {
  const at = xs.map((t) => t.dataSync());
  const size = move.input === null ? 1 : Math.max(1, Math.abs(at[move.input]![move.element]!));
  const values = (lists: Float64Array[]): Lists =>
    f(lists.map((data, i) => like(xs[i]!, data))).map((t) => t.dataSync());
  return differenceQuotient(
    values,
    at,
    move.tangents.map((t) => t.dataSync()),
    STEP * size,
  );
}

/** What an entry is the derivative of, and by what: `∂output[1] / ∂args[0].w[0,2]`. */
function entry(
  { inputs, outputs, xs }: Checked,
  ys: readonly Tensor[],
  output: number | null,
  element: number,
  move: Move,
): string {
  const above =
    output === null
      ? 'a random combination of the outputs'
      : `${outputs[output]!}${indexOf(element, ys[output]!.shape)}`;
  const below =
    move.input === null
      ? 'a random direction'
      : `${inputs[move.input]!}${indexOf(move.element, xs[move.input]!.shape)}`;
  return `∂${above} / ∂${below}`;
}

function indexOf(place: number, shape: readonly number[]): string {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = place; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return shape.length === 0 ? '' : `[${index.join()}]`;
}

/** Finds the entry with the largest error. */
class Worst {
  #entries = 0;
  #wrong = 0;
  #worst = -1;
  #what = '';
  #byRule = 0;
  #byDifference = 0;
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  compare(byRule: ArrayLike<number>, byDifference: ArrayLike<number>, name: (k: number) => string): void {
    for (let k = 0; k < byRule.length; k++) {
      const [a, b] = [byRule[k]!, byDifference[k]!];
      this.#entries++;
      const error = a === b || (Number.isNaN(a) && Number.isNaN(b)) ? 0 : Math.abs(a - b);
      const allowed = this.#limits.atol + this.#limits.rtol * Math.abs(b);
      if (error <= allowed && Number.isFinite(allowed)) continue;
      if (error === 0) continue;
      this.#wrong++;
      const badness = Number.isNaN(error) ? Infinity : error / Math.max(allowed, Number.MIN_VALUE);
      if (badness <= this.#worst) continue;
      this.#worst = badness;
      this.#what = name(k);
      [this.#byRule, this.#byDifference] = [a, b];
    }
  }

  report(mode: GradientMode, path: readonly GradientMode[]): void {
    if (this.#wrong === 0) return;
    const { rtol, atol } = this.#limits;
    const order =
      path.length === 0
        ? `order 1, ${mode} mode`
        : `order ${path.length + 1}, ${mode} mode over ${[...path].reverse().join(' over ')}`;
    const error = Math.abs(this.#byRule - this.#byDifference);
    throw new GradientCheckError(
      `checkGradients: ${order}: ${this.#what} is ${this.#byRule} by its rule, but ${this.#byDifference} by central differences ` +
        `(error ${error.toPrecision(3)}; allowed: atol ${atol} + rtol ${rtol} · |difference|). ${this.#wrong} of ${this.#entries} entries are wrong, ` +
        `this one most. ${Number.isNaN(this.#byDifference) ? 'f is not defined all around this point: move it away from the edge.' : 'If there is a kink here, move the point; else the rule of one of the operations in f is wrong.'}`,
    );
  }
}

function like(t: Tensor, data: ArrayLike<number>): Tensor {
  return tensorFromData(Float64Array.from(data), 'float64', t.shape);
}

/** Numbers between 0.25 and 1 of either sign, the same for the same seed. */
function direction(t: Tensor, seed: number): Tensor {
  return like(
    t,
    Float64Array.from({ length: t.size }, (_, k) => {
      const r = Math.abs(Math.sin((k + 1) * 12.9898 + (seed + 1) * 78.233) * 43758.5453) % 1;
      const sign = Math.sin((k + 3) * 7.13 + seed * 3.7) < 0 ? -1 : 1;
      return sign * (0.25 + 0.75 * r);
    }),
  );
}

function inner(a: readonly Tensor[], b: readonly Tensor[]): number {
  let total = 0;
  a.forEach((t, i) => {
    const [p, q] = [t.dataSync(), b[i]!.dataSync()];
    for (let k = 0; k < p.length; k++) if (p[k] !== 0 && q[k] !== 0) total += p[k]! * q[k]!;
  });
  return total;
}
