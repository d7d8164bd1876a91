/**
 * Seeds through a linear program, as one block, without writing identities out.
 * The one idea: the block that starts as an identity stays a diagonal as long as rows only scale and rearrange it. Such a
 * value is held as its diagonal; the first row that mixes elements turns it into a block. Must not name operations: only
 * the closed set of linear maps.
 */
import { batchRow, linearMapIn, withBatchAxis } from '@jacobi/autograd/internal';
import { sizeOf } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { add, reshape, sub, transpose } from '@jacobi/tensor';
import type { Program, Row, Var } from '@jacobi/tensor/internal';
import { bindApplication, bindOne, contract, embedRow } from '@jacobi/tensor/internal';

/** A value under a block of seeds. */
type Seeded =
  /** The same for every seed. */
  | { readonly kind: 'plain'; readonly tensor: Tensor }
  /** Seed axis first. */
  | { readonly kind: 'block'; readonly tensor: Tensor }
  /** Entry [s, i] is tensor[i] where the indices of i on `axes`, taken as one number, are s; else 0. */
  | { readonly kind: 'diagonal'; readonly tensor: Tensor; readonly axes: readonly number[] };

type Diagonal = Extract<Seeded, { readonly kind: 'diagonal' }>;

/** Input of a program: a value, or the identity over `free` axes (ones along the others). */
export type SeedInput = { readonly tensor: Tensor } | { readonly ones: Tensor; readonly free: readonly number[] };

/** Runs a linear program on one identity block of `count` seeds; its outputs have the seed axis first. */
export function pushIdentity(program: Program, inputs: readonly SeedInput[], count: number): Tensor[] {
  const env: Seeded[] = new Array(program.types.length);
  const zeros = new Set<Var>();
  [...program.inputs, ...program.captured.map((c) => c.variable)].forEach((v, i) => {
    const input = inputs[i]!;
    env[v] = 'ones' in input ? { kind: 'diagonal', tensor: input.ones, axes: input.free } : { kind: 'plain', tensor: input.tensor };
  });
  for (const row of program.rows) {
    const { primitive, params } = row.application;
    if (primitive.fill?.(params) === 0) for (const v of row.outputs) zeros.add(v);
    const made = pushRow(row, row.inputs.map((v) => env[v]!), row.inputs.map((v) => zeros.has(v)), count);
    row.outputs.forEach((v, i) => {
      env[v] = made[i]!;
    });
  }
  return program.outputs.map((v) => blockOf(env[v]!, count));
}

function pushRow(row: Row, args: readonly Seeded[], zero: readonly boolean[], count: number): readonly Seeded[] {
  if (args.every((a) => a.kind === 'plain')) {
    return bindApplication(row.application, args.map((a) => a.tensor)).map((tensor) => ({ kind: 'plain', tensor }));
  }
  if (args.every((a) => a.kind === 'plain' || (a.kind === 'diagonal' && a.axes.length === 0))) {
    // One seed: nothing is batched.
    return bindApplication(row.application, args.map((a) => a.tensor)).map((tensor) => ({ kind: 'diagonal', tensor, axes: [] }));
  }
  if (args.some((a) => a.kind === 'diagonal') && !args.some((a) => a.kind === 'block')) {
    const kept = pushDiagonal(row, args, zero, count);
    if (kept !== null) return [kept];
  }
  const dense = args.map((a) => (a.kind === 'plain' ? { tensor: a.tensor, mapped: false } : { tensor: blockOf(a, count), mapped: true }));
  return batchRow(row, dense, count).map((tensor) => ({ kind: 'block', tensor }));
}

/** A row on diagonals, where its result is a diagonal again or a block that can be written at once; else null. */
function pushDiagonal(row: Row, args: readonly Seeded[], zero: readonly boolean[], count: number): Seeded | null {
  const { application } = row;
  const open = args.map((a) => a.kind === 'diagonal');
  const place = open.indexOf(true);
  const own = args[place] as Diagonal;
  const { axes } = own;
  const tensors = args.map((a) => a.tensor);
  const out = application.outputs[0]!;
  const params = application.params as unknown as { readonly permutation: readonly number[]; readonly axes: readonly number[] };
  const same = (): Seeded => ({ kind: 'diagonal', tensor: bindApplication(application, tensors)[0]!, axes });
  const keepsShape = out.shape.length === own.tensor.rank && out.shape.every((d, i) => d === own.tensor.shape[i]);
  // Custom backward rules need not be linear: then there is no diagonal to keep.
  const map = linearMapIn(application, open);
  switch (map) {
    case 'neg':
    case 'cast':
      return same();
    case 'scale':
      return keepsShape ? same() : null;
    case 'select':
      // A diagonal in one branch, zeros in the other.
      return keepsShape && (open[1] ? zero[2] : zero[1]) === true ? same() : null;
    case 'add':
    case 'sub': {
      const other = args[1 - place]!;
      if (other.kind !== 'diagonal' || place !== 0 || !keepsShape || other.axes.join() !== axes.join()) return null;
      if (other.tensor.type !== own.tensor.type) return null;
      return { kind: 'diagonal', tensor: map === 'add' ? add(own.tensor, other.tensor) : sub(own.tensor, other.tensor), axes };
    }
    case 'transpose':
      return { ...same(), axes: axes.map((a) => params.permutation.indexOf(a)) } as Diagonal;
    case 'reshape': {
      const whole = axes.length === own.tensor.rank && axes.every((a, i) => a === i);
      return whole ? ({ ...same(), axes: out.shape.map((_, i) => i) } as Diagonal) : null;
    }
    case 'sum':
      return sumDiagonal(own, params.axes, tensors, row, count);
    case 'contract':
      return contractDiagonal(row, own, place, tensors, count);
    default:
      return null;
  }
}

/** Sums beside the diagonal keep it; a sum over all of it leaves one entry for each seed. */
function sumDiagonal(own: Diagonal, summed: readonly number[], tensors: readonly Tensor[], row: Row, count: number): Seeded | null {
  const { axes } = own;
  if (axes.every((a) => !summed.includes(a))) {
    const tensor = bindApplication(row.application, tensors)[0]!;
    return { kind: 'diagonal', tensor, axes: axes.map((a) => a - summed.filter((s) => s < a).length) };
  }
  if (axes.length !== summed.length || !axes.every((a) => summed.includes(a))) return null;
  const rest = own.tensor.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const moved = transpose(own.tensor, [...axes, ...rest]);
  return { kind: 'block', tensor: reshape(moved, [count, ...rest.map((i) => own.tensor.shape[i]!)]) };
}

/** Contracted away, the diagonal's labels become labels of the seeds: nothing is summed over them. */
function contractDiagonal(row: Row, own: Diagonal, place: number, tensors: readonly Tensor[], count: number): Seeded | null {
  const { left, right, out } = row.application.params as unknown as { readonly left: number[]; readonly right: number[]; readonly out: number[] };
  const free = own.axes.map((a) => (place === 0 ? left : right)[a]!);
  if (free.every((label) => out.includes(label))) {
    return { kind: 'diagonal', tensor: bindApplication(row.application, tensors)[0]!, axes: free.map((label) => out.indexOf(label)) };
  }
  if (free.some((label) => out.includes(label))) return null;
  const made = contract(tensors[0]!, tensors[1]!, left, right, [...free, ...out]);
  return { kind: 'block', tensor: reshape(made, [count, ...made.shape.slice(free.length)]) };
}

/** The value with its seed axis first. A diagonal is embedded in zeros, never multiplied by them. */
function blockOf(value: Seeded, count: number): Tensor {
  if (value.kind === 'block') return value.tensor;
  if (value.kind === 'plain') return withBatchAxis({ tensor: value.tensor, mapped: false }, count);
  const { tensor, axes } = value;
  if (axes.length === 0) return reshape(tensor, [1, ...tensor.shape]);
  const rest = tensor.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const restShape = rest.map((i) => tensor.shape[i]!);
  const free = axes.map((a) => tensor.shape[a]!);
  const flat = reshape(transpose(tensor, [...axes, ...rest]), [sizeOf(free), ...restShape]);
  const wide = reshape(bindOne(embedRow, [flat], { first: 0, second: 1 }), [count, ...free, ...restShape]);
  const order = tensor.shape.map((_, i) => 1 + (axes.includes(i) ? axes.indexOf(i) : axes.length + rest.indexOf(i)));
  return transpose(wide, [0, ...order]);
}
