/**
 * Passes over programs. The one idea: a pass rebuilds the list of rows and renames values; equal rows become one value.
 * Must not import backends.
 */
import type { Program, Row, Var } from '@jacobi/tensor/internal';
import { makeProgram, operandsOf } from '@jacobi/tensor/internal';

/**
 * The program with the rows of other programs in place of the rows that hold them, where they depend on `moving`: so that what
 * is linear is made of linear maps, which can be followed and transposed. Rows with a rule of the user's stay as they are.
 */
export function writeOut(program: Program, moving: readonly Var[]): Program {
  const types = [...program.types];
  const dependent = new Set(moving);
  const rows: Row[] = [];
  /** Adds rows whose variables have other names here; those without one get a new one. */
  const place = (list: readonly Row[], names: Var[]): void => {
    for (const row of list) {
      const { application, outputs } = row;
      const { primitive, programs, closures } = application;
      const inputs = row.inputs.map((v) => names[v]!);
      const moves = inputs.some((v) => dependent.has(v));
      if (moves && primitive.inline !== undefined && closures.length === 0) {
        const held = programs[0]!;
        const own: Var[] = [];
        operandsOf(held).forEach((v, i) => {
          own[v] = inputs[i]!;
        });
        place(held.rows, own);
        outputs.forEach((v, i) => {
          names[v] = own[held.outputs[i]!]!;
        });
        continue;
      }
      outputs.forEach((v, i) => {
        names[v] ??= types.push(application.outputs[i]!) - 1;
        if (moves) dependent.add(names[v]);
      });
      rows.push({ ...row, inputs, outputs: outputs.map((v) => names[v]!) });
    }
  };
  const names = program.types.map((_, v) => v);
  place(program.rows, names);
  return makeProgram({ ...program, types, rows, outputs: program.outputs.map((v) => names[v]!) });
}

/** The program with equal rows computed once, and without rows that no output needs. */
export function mergeEqualRows(program: Program): Program {
  const rename: Var[] = [...program.types.keys()];
  const rows = new Map<string, Row>();
  for (const row of program.rows) {
    const inputs = row.inputs.map((v) => rename[v]!);
    const key = `${row.application.id}:${inputs.join()}`;
    const same = rows.get(key);
    if (same === undefined) rows.set(key, { ...row, inputs });
    else
      row.outputs.forEach((v, i) => {
        rename[v] = same.outputs[i]!;
      });
  }
  return makeProgram({ ...program, rows: [...rows.values()], outputs: program.outputs.map((v) => rename[v]!) });
}
