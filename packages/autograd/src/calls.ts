/**
 * Rows that hold programs: `call` (a jitted function) and `checkpoint` (one whose values are computed again on the way back).
 * The one idea: a followed call has its residuals among its outputs, and its tangents are another program's rows.
 */
import { capturedNow } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import type {
  Application,
  Derivative,
  Keeps,
  Primitive,
  Program,
  RowValues,
  Tangent,
  TensorType,
} from '@jacobi/tensor/internal';
import { apply, bind, differentiatedAgain, holding, lowerInline, NONE, zerosOf } from '@jacobi/tensor/internal';
import { batchTraced } from './batch.ts';
import { inlineLinear } from './custom-linear.ts';
import { connectedOutputs, linearizeProgram } from './linearized.ts';
import { carriesTangent, pushProgram } from './pushforward.ts';

/** The type rule of rows that run a program: its outputs. */
export const programTypes = (_inputs: unknown, _params: unknown, [program]: readonly Program[]): TensorType[] =>
  program!.outputs.map((v) => program!.types[v]!);

/** Places of residuals: the outputs after the call's own. `again`: the residuals themselves may be differentiated. */
type Followed = {
  readonly own: number;
  readonly total: number;
  readonly active: readonly boolean[];
  readonly reached: readonly boolean[];
  readonly again: boolean;
};

/** The form of a call that has the residuals of its derivative among its outputs, where a tape follows it. */
function follow(
  application: Application<never>,
  active: readonly (readonly boolean[] | null)[],
  operands: readonly Tensor[],
): Application<never> {
  const mask = application.inputs.map((type, i) => active.some((a) => a?.[i] === true) && carriesTangent(type));
  if (!active.some((a) => a?.includes(true))) return application;
  const again = differentiatedAgain(operands);
  const { values, tangents, reached } = linearizeProgram(application.programs[0]!, mask);
  const params = { own: application.outputs.length, total: values.outputs.length, active: mask, reached, again };
  return apply(
    followedCallRow,
    application.inputs,
    params,
    holding([values, tangents]),
  ) as unknown as Application<never>;
}

/** The derivative of a program that computes its values again: nothing but its inputs is kept. */
const recomputed: Derivative = {
  kind: 'rule',
  connects: ({ programs }, active) => connectedOutputs(programs[0]!, active),
  keeps: (active) => ({ inputs: active.map((_, i) => i), outputs: [] }),
  tangent: (row, tangents) => {
    const values = row.inputs.map((_, i) => row.x(i));
    return pushProgram(row.programs[0]!, values, tangents, row.abstract).tangents;
  },
};

/** A row that runs a program on its inputs and captured values. */
const callRow: Primitive = {
  name: 'call',
  type: programTypes,
  inline: lowerInline,
  // While a tape follows it, it takes the other form, which keeps residuals.
  derivative: recomputed,
  recorded: follow as never,
  batching: { rule: (inputs, mapped, _params, size, { programs }) => batchedCall(programs[0]!, inputs, mapped, size) },
};

/** `call` while a tape follows it. */
const followedCallRow: Primitive<Followed> = {
  name: 'followedCall',
  type: programTypes,
  inline: lowerInline,
  derivative: {
    kind: 'rule',
    connects: ({ programs }, active) => connectedOutputs(programs[0]!, active),
    keeps: (active, { own, total, again }): Keeps => ({
      inputs: again ? active.map((_, i) => i) : [],
      outputs: Array.from({ length: total - own }, (_, i) => own + i),
    }),
    tangent: (row, tangents) => {
      const { own, total, active, reached, again } = row.params;
      const residuals = Array.from({ length: total - own }, (_, i) => row.y(own + i));
      const moving = row.inputs.flatMap((type, i) => (active[i] ? [tangents[i] ?? zerosOf(type)] : []));
      const parts = inlineLinear(row.programs[1]!, [...residuals, ...moving], row.abstract);
      let at = 0;
      const results = reached.map((r) => (r ? parts[at++]! : null));
      return again ? [...results, ...residualTangents(row, tangents)] : results;
    },
  },
  recorded: follow as never,
  batching: { rule: (inputs, mapped, _params, size, { programs }) => batchedCall(programs[0]!, inputs, mapped, size) },
};

/**
 * Tangents of the residuals, for a derivative of the derivative. These read values that nobody kept, which are computed again;
 * what no second derivative asks for vanishes from the program.
 */
function residualTangents(row: RowValues<Followed>, tangents: readonly Tangent[]): readonly Tangent[] {
  const values = row.inputs.map((_, i) => row.x(i));
  return pushProgram(row.programs[0]!, values, tangents, row.abstract).tangents.slice(row.params.own);
}

/** `call` in that form only. */
export const checkpointRow: Primitive = {
  name: 'checkpoint',
  type: programTypes,
  inline: lowerInline,
  derivative: recomputed,
  batching: {
    rule: (inputs, mapped, _params, size, { programs }) =>
      batchedCall(programs[0]!, inputs, mapped, size, checkpointRow),
  },
};

/** Runs a program as a row over a batch. */
function batchedCall(
  program: Program,
  inputs: readonly Tensor[],
  mapped: readonly boolean[],
  size: number,
  row: Primitive = callRow,
): readonly Tensor[] {
  const types = inputs.map((t) => t.type);
  return callProgram(batchTraced(program, types, mapped, size), inputs, row);
}

/** Binds a program as one row. */
export function callProgram(program: Program, inputs: readonly Tensor[], row: Primitive = callRow): readonly Tensor[] {
  if (program.outputs.length === 0) return [];
  return bind(row, [...inputs, ...capturedNow(program)], NONE, holding([program]));
}
