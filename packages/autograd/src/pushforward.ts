/**
 * Forward mode: tangents through rows, in order.
 * The one idea: a row's derivative is already a linear map of tangents; running it is forward mode, and running it on
 * abstract tangents writes the linear program that `transpose` reads. Must not name operations: only linear maps.
 */
import { isFloating } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { broadcastTo, neg } from '@jacobi/tensor';
import type { Application, Linear, Program, Row, Tangent, TensorType, Var } from '@jacobi/tensor/internal';
import { addTangents, bindApplication, currentTrace, operandsOf, zerosOf } from '@jacobi/tensor/internal';

/** Values of a program's variables. */
export type Values = (v: Var) => Tensor;

/**
 * Fills in `tangents` (by variable; absent is zero) for the outputs of each row that has an input with a tangent.
 * `abstract`: the tangents stand for a linear program that will be transposed, and never get values.
 */
export function pushforward(rows: readonly Row[], values: Values, tangents: Tangent[], abstract = false): void {
  const trace = currentTrace();
  for (const row of rows) {
    const incoming = row.inputs.map((v) => tangents[v] ?? null);
    if (incoming.every((t) => t === null)) continue;
    if (trace) trace.origin = row.application.primitive.name;
    const outgoing = rowTangents(row, incoming, values, abstract);
    row.outputs.forEach((v, i) => {
      if (!isFloating(row.application.outputs[i]!.dtype)) return;
      // There is one already where the output is a source itself: an intermediate value moves with its row, and by itself.
      tangents[v] = addTangents(tangents[v] ?? null, outgoing[i] ?? null);
    });
  }
  if (trace) trace.origin = null;
}

/** The tangents of a row's outputs; an empty list where none has one. */
function rowTangents(row: Row, tangents: readonly Tangent[], values: Values, abstract: boolean): readonly Tangent[] {
  const { application, inputs, outputs } = row;
  const { derivative } = application.primitive;
  /** The row itself, on tangents in the `open` places. Zeros are written out only where there is no other way. */
  const bindOn = (open: readonly number[]): readonly Tensor[] =>
    bindApplication(
      application,
      inputs.map((v, i) => (open.includes(i) ? (tangents[i] ?? zerosOf(application.inputs[i]!)) : values(v))),
    );
  const [a = null, b = null] = tangents;
  switch (derivative.kind) {
    case 'none':
    case 'zero':
      return [];
    case 'linear': {
      const { map } = derivative;
      // Where one term of a sum is zero there is less to do.
      if ((map === 'add' || map === 'sub') && (a === null || b === null))
        return [broadcastTo(a ?? (map === 'sub' ? neg(b!) : b!), application.outputs[0]!.shape)];
      return bindOn(openOperands(application));
    }
    case 'bilinear':
      return [addTangents(a && bindOn([0])[0]!, b && bindOn([1])[0]!)];
    case 'rule':
      return derivative.tangent(
        { ...application, x: (i) => values(inputs[i]!), y: (i) => values(outputs[i]!), abstract },
        tangents,
      );
    default:
      return derivative satisfies never;
  }
}

/** The operands in which a linear row is linear. */
export function openOperands(application: Application): readonly number[] {
  const linear = linearPart(application);
  return linear === undefined ? [] : (linear.open ?? application.inputs.map((_, i) => i));
}

/** By what a row is linear in its open operands, if it is. */
export function linearPart({ primitive: { derivative } }: Application): Linear | undefined {
  return derivative.kind === 'rule' ? derivative.linear : derivative.kind === 'linear' ? derivative : undefined;
}

/** Which values of a row its coefficients read, where `active` inputs carry tangents. */
export function keptValues(
  application: Application,
  active: readonly boolean[],
): { inputs: readonly number[]; outputs: readonly number[] } {
  const { derivative } = application.primitive;
  if (derivative.kind === 'rule') return derivative.keeps(active, application.params);
  if (derivative.kind === 'bilinear') return { inputs: [0, 1].filter((i) => active[1 - i]), outputs: [] };
  if (derivative.kind !== 'linear' || derivative.open === undefined) return NOTHING;
  const { open } = derivative;
  return { inputs: [...application.inputs.keys()].filter((i) => !open.includes(i)), outputs: [] };
}

const NOTHING = { inputs: [], outputs: [] };

/** What says by output whether it depends on an active input by a derivative; undefined where all do. */
export function connections({ primitive: { derivative } }: Application): Connects | undefined {
  return derivative.kind === 'rule' ? derivative.connects : undefined;
}

type Connects = (application: Application, active: readonly boolean[]) => readonly boolean[];

/**
 * Runs a program on values and tangents: returns its outputs and their tangents. Rows that hold programs run in the form
 * that their derivative reads.
 */
export function pushProgram(
  program: Program,
  inputs: readonly Tensor[],
  tangents: readonly Tangent[],
  abstract = false,
): { outputs: Tensor[]; tangents: Tangent[] } {
  const env: Tensor[] = new Array(program.types.length);
  const moving: Tangent[] = new Array<Tangent>(program.types.length).fill(null);
  operandsOf(program).forEach((v, i) => {
    env[v] = inputs[i]!;
    moving[v] = tangents[i] ?? null;
  });
  for (const row of program.rows) {
    const args = row.inputs.map((v) => env[v]!);
    const active = row.inputs.map((v) => (moving[v] ?? null) !== null);
    const { recorded } = row.application.primitive;
    if (recorded === undefined || !active.includes(true)) {
      const outputs = bindApplication(row.application, args);
      row.outputs.forEach((v, i) => {
        env[v] = outputs[i]!;
      });
      pushforward([row], (v) => env[v]!, moving, abstract);
      continue;
    }
    const form = recorded(row.application, [active], []);
    const outputs = bindApplication(form, args);
    // The extra outputs get variables of their own for the length of this row.
    const extra = outputs.map((_, i) => (i < row.outputs.length ? row.outputs[i]! : env.length + i));
    const local = (v: Var): Tensor => env[v] ?? outputs[extra.indexOf(v)]!;
    row.outputs.forEach((v, i) => {
      env[v] = outputs[i]!;
    });
    pushforward([{ application: form, inputs: row.inputs, outputs: extra }], local, moving, abstract);
    moving.length = program.types.length;
  }
  return { outputs: program.outputs.map((v) => env[v]!), tangents: program.outputs.map((v) => moving[v] ?? null) };
}

/** True for types that carry tangents. */
export function carriesTangent(type: TensorType): boolean {
  return isFloating(type.dtype);
}
