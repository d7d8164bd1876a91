/**
 * Linear rows whose transpose the user gave. They exist in linear programs that will be transposed; where tangents get
 * values, a row is replaced by the transpose of its transpose, which is possible if that is linear in its cotangent.
 */
import { inline, interpret } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import type { LinearRow, Primitive, Program, Row, Tangent, TensorType, Var } from '@jacobi/tensor/internal';
import {
  bind,
  bindApplication,
  holding,
  JacobiError,
  Trace,
  tensorType,
  withFrame,
  zerosOf,
} from '@jacobi/tensor/internal';
import { RuleError } from './errors.ts';
import { openOperands } from './pushforward.ts';
import { transposeRows } from './transpose.ts';

/** How a custom linear row is transposed. Residuals are its closed operands, in order. */
export type CustomTranspose = (residuals: readonly Tensor[], cotangents: readonly Tensor[]) => readonly Tangent[];

/** Types as a param: a row without a program says what it gives by them. */
export type TypeList = readonly (readonly [string, ...number[]])[];
export const typeList = (types: readonly TensorType[]): TypeList => types.map((t) => [t.dtype, ...t.shape]);
export const typesFrom = (list: TypeList): TensorType[] =>
  list.map(([dtype, ...shape]) => tensorType(dtype as 'float32', shape));

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
  const rule = application.closures[0] as CustomTranspose;
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
  rule: CustomTranspose,
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
  if (abstract || !program.rows.some((r) => isCustom(r.application.primitive))) return inline(program, values);
  return interpret(program, values, ({ application }, args) => {
    const { residuals } = application.params as unknown as CustomParams;
    if (!isCustom(application.primitive)) return bindApplication(application, args);
    const rule = application.closures[0] as CustomTranspose;
    return transposedRule(args.slice(0, residuals), args.slice(residuals), application.outputs, rule);
  });
}

/** J·t from a rule for Jᵀ·c: the rule is traced in c, and its rows are transposed. */
function transposedRule(
  residuals: readonly Tensor[],
  tangents: readonly Tensor[],
  outputs: readonly TensorType[],
  rule: CustomTranspose,
): Tensor[] {
  const trace = new Trace('custom rule');
  const made = withFrame(trace, () => {
    const known = residuals.map((t) => trace.input(t.type));
    const moving = tangents.map((t) => trace.input(t.type));
    const cotangents = outputs.map((type) => trace.input(type));
    const given = rule(known, cotangents);
    const seeds = given.flatMap((g, i) => (g === null ? [] : [{ variable: trace.variable(g), cotangent: moving[i]! }]));
    const vars = cotangents.map((t) => trace.variable(t));
    let parts: Tangent[];
    try {
      refuseConstants(
        trace.rows,
        vars,
        seeds.map((seed) => seed.variable),
      );
      parts = transposeRows([...trace.rows], vars, seeds, (v) => trace.tensorOf(v));
    } catch (error) {
      throw new RuleError(
        `forward mode through a custom backward rule needs a rule that is linear in its cotangent (${(error as Error).message}); ` +
          "give a forward rule with customJvp, or use mode: 'reverse'",
        { cause: error },
      );
    }
    const results = parts.map((p, i) => p ?? zerosOf(outputs[i]!));
    return { program: trace.finish(results), inputs: [...known, ...moving].map((t) => trace.variable(t)) };
  });
  const captured = made.program.captured.map((c) => (c.read === undefined ? c.tensor : c.read()));
  return inline({ ...made.program, inputs: made.inputs }, [...residuals, ...tangents, ...captured]);
}

/**
 * Throws where something that does not depend on `inputs` is added to something that does: such a map is affine, and
 * transposing its rows would lose the constant without a word. Zeros may be added.
 */
function refuseConstants(rows: readonly Row[], inputs: readonly Var[], outputs: readonly Var[]): void {
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
