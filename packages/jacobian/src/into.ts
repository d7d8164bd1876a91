/**
 * Jacobians into arrays of the caller's: the call for a control loop.
 * The one idea: buffers for arguments and results are made once for a backend, so that a call allocates nothing; whatever
 * is not as prepared goes the long way, which says what is wrong. Must not import plans.
 */
import type { Backend, BufferRef, TypedArray } from '@jacobi/backend';
import { dtypeOf } from '@jacobi/backend';
import type { Optimised, Way } from '@jacobi/compiler';
import { buffersOf, compileOptimised } from '@jacobi/compiler';
import { ArgumentError, DeviceError, DTypeError, getBackend, ShapeError, Tensor } from '@jacobi/tensor';
import type { Flat, Program, TensorType } from '@jacobi/tensor/internal';
import { checkOptions, describe } from '@jacobi/tensor/internal';
import { argumentTensors } from './arguments.ts';

/** A program with buffers on one backend. */
interface Bound {
  readonly backend: Backend;
  readonly form: Optimised;
  /** Where typed arrays are copied to, by argument; undefined for nests. */
  readonly staged: readonly (BufferRef | undefined)[];
  readonly inputs: BufferRef[];
  readonly outputs: BufferRef[];
}

/** An array to write to: which outputs of the program go there, their dtype and how many elements they have. */
interface Target {
  readonly name: string;
  readonly from: number;
  readonly parts: readonly TensorType[];
  readonly size: number;
}

/**
 * What `into` of a prepared Jacobian does. `jacobian` gives the leaves of the Jacobian, `count` of them, and `both` these and
 * the leaves of the value.
 */
export function intoWriter(
  flats: readonly Flat<TensorType>[],
  jacobian: Way,
  both: Way,
  count: number,
): (...all: unknown[]) => TypedArray {
  const write = writer(flats, jacobian, [target('out', jacobian.program, 0, count)]);
  const parts = [
    target('out', both.program, 0, count),
    target('value', both.program, count, both.program.outputs.length),
  ];
  const writeBoth = writer(flats, both, parts);
  const places = flats.length;
  return (...all) => {
    const out = all[places];
    if (dtypeOf(out) === undefined) {
      throw new ArgumentError(
        `into: after the ${places} argument${places === 1 ? '' : 's'} must come the typed array to write to, not ${describe(out)}`,
      );
    }
    if (all.length > places + 2) {
      throw new ArgumentError(
        `into: called with ${all.length} arguments, but takes ${places}, then the array to write to, then options`,
      );
    }
    const value = all.length > places + 1 ? valueOf(all[places + 1]) : undefined;
    if (value === undefined) write(all, [out as TypedArray]);
    else {
      checkApart(out as TypedArray, value);
      writeBoth(all, [out as TypedArray, value]);
    }
    return out as TypedArray;
  };
}

function valueOf(options: unknown = {}): TypedArray | undefined {
  checkOptions('into', options, ['value']);
  const { value } = options as { value?: unknown };
  if (value === undefined || dtypeOf(value) !== undefined) return value as TypedArray | undefined;
  throw new ArgumentError(`into: value must be a typed array, not ${describe(value)}`);
}

/** Throws where one array would be written over the other. */
function checkApart(out: TypedArray, value: TypedArray): void {
  if (out.buffer !== value.buffer) return;
  if (out.byteOffset + out.byteLength <= value.byteOffset || value.byteOffset + value.byteLength <= out.byteOffset)
    return;
  throw new ArgumentError(
    'into: out and value share elements of one buffer, so that one would be written over the other; give two arrays, or parts that do not overlap',
  );
}

function target(name: string, program: Program, from: number, to: number): Target {
  const parts = program.outputs.slice(from, to).map((v) => program.types[v]!);
  return { name, from, parts, size: parts.reduce((n, p) => n + p.size, 0) };
}

function checkTarget({ name, parts, size }: Target, out: TypedArray): void {
  if (out.length !== size) throw new ShapeError(`into: ${name} has ${out.length} elements, but the result has ${size}`);
  const dtype = dtypeOf(out);
  for (const part of parts)
    if (part.dtype !== dtype) throw new DTypeError(`into: ${name} must hold ${part.dtype}, not ${dtype}`);
}

/** Runs one of the programs into arrays. */
function writer(
  flats: readonly Flat<TensorType>[],
  way: Way,
  targets: readonly Target[],
): (args: readonly unknown[], arrays: readonly TypedArray[]) => void {
  let bound: Bound | undefined;
  return (args, arrays) => {
    for (let i = 0; i < targets.length; i++) checkTarget(targets[i]!, arrays[i]!);
    const backend = getBackend();
    if (bound?.backend !== backend) bound = bindTo(backend, flats, way);
    const inputs = placeArguments(bound, flats, args) ? bound.inputs : theLongWay(bound, flats, args);
    const { form, outputs } = bound;
    backend.run(form.executable, inputs, outputs);
    for (let i = 0; i < targets.length; i++) {
      const { from, parts } = targets[i]!;
      let at = 0;
      for (let k = 0; k < parts.length; k++) {
        arrays[i]!.set(backend.readSync!(outputs[from + k]!), at);
        at += parts[k]!.size;
      }
    }
    // Nothing of the caller's is kept between calls.
    for (let i = 0; i < flats.length; i++) bound.inputs[i] = bound.staged[i]!;
  };
}

function bindTo(backend: Backend, flats: readonly Flat<TensorType>[], way: Way): Bound {
  const { outputs, types } = way.program;
  if (backend.readSync === undefined) {
    throw new DeviceError(
      `into: the ${backend.name} backend cannot read at once; call the prepared Jacobian and await data()`,
    );
  }
  const make = ({ dtype, size }: TensorType): BufferRef => backend.alloc(dtype, size);
  const staged = flats.map((flat) => (flat.structure === '*' ? make(flat.leaves[0]!) : undefined));
  return {
    backend,
    form: compileOptimised(way, backend),
    staged,
    inputs: staged.map((buffer) => buffer!),
    outputs: outputs.map((v) => make(types[v]!)),
  };
}

/** Puts arguments that are exactly as prepared in place; false if one is not, or if the program reads more than arguments. */
function placeArguments(
  { backend, form, staged, inputs }: Bound,
  flats: readonly Flat<TensorType>[],
  args: readonly unknown[],
): boolean {
  if (form.captured.length > 0) return false;
  for (let i = 0; i < flats.length; i++) {
    const buffer = staged[i];
    const type = flats[i]!.leaves[0]!;
    const arg = args[i];
    if (buffer === undefined) return false;
    if (arg instanceof Tensor) {
      if (arg.type !== type || arg.backend !== backend || arg.buffer === null) return false;
      inputs[i] = arg.buffer;
    } else if (dtypeOf(arg) === type.dtype && (arg as TypedArray).length === type.size) {
      backend.write(buffer, arg as TypedArray);
      inputs[i] = buffer;
    } else return false;
  }
  return true;
}

/** Checks, casts and moves arguments one by one. */
function theLongWay({ form }: Bound, flats: readonly Flat<TensorType>[], args: readonly unknown[]): BufferRef[] {
  const tensors = argumentTensors(flats, args.slice(0, flats.length));
  if (tensors.some((t) => t.trace !== null)) {
    throw new ArgumentError(
      'into: an argument is traced and has no numbers to write; inside jit, vmap and prepareJacobian call the prepared Jacobian itself',
    );
  }
  return buffersOf(form, tensors);
}
