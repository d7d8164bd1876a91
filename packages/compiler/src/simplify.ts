/**
 * Passes over programs. The one idea: a pass rebuilds the list of rows and renames values; equal rows become one value.
 * Must not import backends.
 */
import type { Program, Row, Var } from '@jacobi/tensor/internal';
import { makeProgram } from '@jacobi/tensor/internal';

/** The program with equal rows computed once, and without rows that no output needs. */
export function mergeEqualRows(program: Program): Program {
  const rename: Var[] = program.types.map((_, v) => v);
  const seen = new Map<string, Row>();
  const rows: Row[] = [];
  for (const row of program.rows) {
    const inputs = row.inputs.map((v) => rename[v]!);
    const key = `${row.application.id}:${inputs.join()}`;
    const same = seen.get(key);
    if (same !== undefined) {
      row.outputs.forEach((v, i) => {
        rename[v] = same.outputs[i]!;
      });
      continue;
    }
    const next = { ...row, inputs };
    seen.set(key, next);
    rows.push(next);
  }
  return makeProgram({ ...program, rows, outputs: program.outputs.map((v) => rename[v]!) });
}
