/**
 * Linear rows whose transpose the user gave. They exist in linear programs that will be transposed; where tangents get
 * values, a row is replaced by the transpose of its transpose, which is possible if that is linear in its cotangent.
 */
import type { DType } from '@jacobi/backend';
import { capturedNow, writeOut } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import type { LinearRow, Primitive, Program, Row, Tangent, TensorType, Var } from '@jacobi/tensor/internal';
import { bind, bindApplication, holding, interpret, JacobiError, tensorType, zerosOf } from '@jacobi/tensor/internal';
import type { CustomRule } from './custom-rule.ts';
import { writeRule } from './custom-rule.ts';
import { RuleError } from './errors.ts';
import { openOperands } from './pushforward.ts';
import { transposeRows } from './transpose.ts';

/** Types as a param: a row without a program says what it gives by them. */
export type TypeList = readonly (readonly [DType, ...number[]])[];
export const typeList = (types: readonly TensorType[]): TypeList => types.map((t) => [t.dtype, ...t.shape]);
export const typesFrom = (list: TypeList): TensorType[] => list.map(([dtype, ...shape]) => tensorType(dtype, shape));

/** Params: how many of the operands are residuals, and what comes out. */
type CustomParams = { readonly residuals: number; readonly types: TypeList };

/** From residuals and tangents of inputs to tangents of outputs; known by its transpose (the closure) alone. */
const customLinearRow: Primitive<CustomParams> = {
  name: 'customLinear',
  type: (_inputs, { types }) => typesFrom(types),
  derivative: { kind: 'linear', map: 'custom', transpose: transposeCustom },
  batching: {
    rule: () => {
      throw new RuleError('vmap: a custom rule was batched before it was transposed');
    },
  },
};

/** The first closure of the row takes residuals and cotangents to cotangents. */
function transposeCustom(
  { application, coefficient }: LinearRow<CustomParams>,
  incoming: readonly Tangent[],
  open: readonly boolean[],
): Tangent[] {
  const rule = application.closures[0] as CustomRule;
  // Operands: residuals, then one tangent for each argument, of which some may be zeros and so not open.
  const count = application.params.residuals;
  const residuals = application.inputs.slice(0, count).map((_, i) => coefficient(i));
  const cotangents = incoming.map((ct, i) => ct ?? zerosOf(application.outputs[i]!));
  const given = rule(residuals, cotangents);
  return open.map((o, i) => (o ? given[i - count]! : null));
}

const isCustom = (primitive: Primitive): boolean => primitive === (customLinearRow as unknown as Primitive);

/** Tangents of a function with a custom backward rule. */
export function customTangents(
  residuals: readonly Tensor[],
  tangents: readonly Tensor[],
  outputs: readonly TensorType[],
  rule: CustomRule,
  abstract: boolean,
): readonly Tensor[] {
  if (!abstract) return transposedRule(residuals, tangents, outputs, rule);
  return bind(
    customLinearRow,
    [...residuals, ...tangents],
    { residuals: residuals.length, types: typeList(outputs) },
    holding([], [rule]),
  );
}

/** Binds the rows of a linear program; custom rows as they are, or by the transpose of their transpose. */
export function inlineLinear(program: Program, values: readonly Tensor[], abstract: boolean): Tensor[] {
  return interpret(program, values, ({ application }, args) => {
    if (abstract || !isCustom(application.primitive)) return bindApplication(application, args);
    const { residuals } = application.params as unknown as CustomParams;
    const rule = application.closures[0] as CustomRule;
    return transposedRule(args.slice(0, residuals), args.slice(residuals), application.outputs, rule);
  });
}

/** J·t from a rule for Jᵀ·c: the rule is written down, and its rows are transposed. */
function transposedRule(
  residuals: readonly Tensor[],
  tangents: readonly Tensor[],
  outputs: readonly TensorType[],
  rule: CustomRule,
): Tensor[] {
  const types = residuals.map((t) => t.type);
  const written = writeRule('custom rule', types, outputs, rule);
  const cotangents = written.program.inputs.slice(residuals.length);
  const program = writeOut(written.program, cotangents);
  const values = coefficients(program, residuals, cotangents);
  const seeds = written
    .spread(program.outputs)
    .flatMap((variable, i) => (variable === null ? [] : [[variable, tangents[i]!] as const]));
  try {
    refuseConstants(program.rows, cotangents, program.outputs);
    const parts = transposeRows(program.rows, cotangents, seeds, (v) => values[v]!);
    return parts.map((p, i) => p ?? zerosOf(outputs[i]!));
  } catch (error) {
    throw new RuleError(
      `forward mode through a custom backward rule needs a rule that is linear in its cotangent (${(error as Error).message}); ` +
        "give a forward rule with customJvp, or use mode: 'reverse'",
      { cause: error },
    );
  }
}

/** By variable: the values of a program that do not depend on `moving`, the inputs after `known`. */
function coefficients(program: Program, known: readonly Tensor[], moving: readonly Var[]): readonly Tensor[] {
  const values: Tensor[] = new Array(program.types.length);
  known.forEach((t, i) => {
    values[program.inputs[i]!] = t;
  });
  capturedNow(program).forEach((t, i) => {
    values[program.captured[i]!.variable] = t;
  });
  const dependent = new Set(moving);
  for (const { application, inputs, outputs } of program.rows) {
    if (inputs.some((v) => dependent.has(v))) outputs.forEach((v) => dependent.add(v));
    else
      bindApplication(
        application,
        inputs.map((v) => values[v]!),
      ).forEach((t, i) => {
        values[outputs[i]!] = t;
      });
  }
  return values;
}

/**
 * Throws where something that does not depend on `inputs` is added to something that does: such a map is affine, and
 * transposing its rows would lose the constant without a word. Zeros may be added.
 */
export function refuseConstants(rows: readonly Row[], inputs: readonly Var[], outputs: readonly Var[]): void {
  const dependent = new Set(inputs);
  const zeros = new Set<Var>();
  const constant = (v: Var): boolean => !dependent.has(v) && !zeros.has(v);
  for (const { application, inputs: operands, outputs: results } of rows) {
    const { primitive, params } = application;
    const open = openOperands(application).map((i) => operands[i]!);
    if (operands.some((v) => dependent.has(v))) {
      const added = primitive.derivative.kind === 'bilinear' || isCustom(primitive) ? [] : open;
      if (added.some(constant)) throw new JacobiError(`${primitive.name} adds a constant to it`);
      for (const v of results) dependent.add(v);
    } else if (primitive.fill?.(params) === 0 || (open.length > 0 && open.every((v) => zeros.has(v)))) {
      for (const v of results) zeros.add(v);
    }
  }
  if (outputs.some(constant)) throw new JacobiError('a gradient does not depend on it, and is not zero');
}
