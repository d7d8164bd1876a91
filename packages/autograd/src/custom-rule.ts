/**
 * Rules that users give, as functions of flat lists, and written down as programs.
 * The one idea: a rule takes values that it knows and values in which it is linear; as a program it can be mapped, pushed
 * through and transposed. Must not import rows.
 */
import { capturedNow } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import type { Application, Program, Recorder, Tangent, TensorType } from '@jacobi/tensor/internal';
import { formatType, muted, visibleRecorders, withFrame } from '@jacobi/tensor/internal';
import { batchProgram, exampleType, withBatchAxis } from './batch.ts';
import { fresh, traceCall } from './call.ts';
import { RuleError } from './errors.ts';

/**
 * A rule given by the user, on flat lists: from values that it knows (primals, or residuals) and the tangents or cotangents in
 * which it is linear.
 */
export type CustomRule = (known: readonly Tensor[], moving: readonly Tensor[]) => readonly Tangent[];

/** A rule as a program. What it gives null for is no output; `spread` puts null back in its place. */
export interface WrittenRule {
  readonly program: Program;
  readonly spread: <T>(outputs: readonly T[]) => (T | null)[];
}

/**
 * Whether the outputs depend on what is active: by the arguments, the first `count` operands, alone, for rules know no others.
 * Throws where one of the operands from `reads` on is active: what the function read besides its arguments.
 */
export function connectedByArguments(
  operation: string,
  { inputs, outputs }: Pick<Application, 'inputs' | 'outputs'>,
  active: readonly boolean[],
  count: number,
  reads: number = count,
): boolean[] {
  const read = active.indexOf(true, reads);
  if (read >= 0) throw closesOver(operation, inputs[read]!);
  const some = active.slice(0, count).includes(true);
  return outputs.map(() => some);
}

/** Writes a rule down for values of these types. */
export function writeRule(
  label: string,
  known: readonly TensorType[],
  moving: readonly TensorType[],
  rule: CustomRule,
): WrittenRule {
  let given: readonly Tangent[] = [];
  const { program } = traceCall(
    label,
    (...inputs: Tensor[]) => {
      given = rule(inputs.slice(0, known.length), inputs.slice(known.length));
      return given.filter((g) => g !== null);
    },
    [...known, ...moving],
    (inputs) => inputs,
  );
  return { program, spread: spreadOver(given.map((g) => g !== null)) };
}

function spreadOver(present: readonly boolean[]): WrittenRule['spread'] {
  return (outputs) => {
    let at = 0;
    return present.map((p) => (p ? outputs[at++]! : null));
  };
}

/** A rule on batches: written down for one example, its program batched. */
export function batchedRule(rule: CustomRule, size: number): CustomRule {
  return (known, moving) => {
    const typesOf = (list: readonly Tensor[]): TensorType[] => list.map((t) => exampleType(t.type));
    const { program, spread } = writeRule('vmap', typesOf(known), typesOf(moving), rule);
    const inputs = [...known, ...moving].map((tensor) => ({ tensor, mapped: true }));
    const captured = capturedNow(program).map((tensor) => ({ tensor, mapped: false }));
    return spread(batchProgram(program, [...inputs, ...captured], size).map((b) => withBatchAxis(b, size)));
  };
}

/**
 * Tells the tapes that follow `args` that `row` takes `inputs` to these results. Nothing is run: the results, which may be
 * arguments or known to a tape already, get an identity of their own.
 */
export function recordResults(
  row: Application,
  args: readonly Tensor[],
  inputs: readonly Tensor[],
  results: readonly Tensor[],
): readonly Tensor[] {
  const outputs = muted(() => results.map(fresh));
  for (const recorder of visibleRecorders()) {
    if (recorder.active(args) !== null)
      recorder.record(row, inputs, outputs, recorder.active(inputs) ?? inputs.map(() => false));
  }
  return outputs;
}

/**
 * Runs a custom function, `hidden` from tapes or not. Throws where it reads a tensor that a tape differentiates, or a variable that
 * a tape would, and that does not come from `own`, its arguments: its rule would lose that derivative without a word. Where it is
 * not hidden, in a trace or a tape within a tape, what else it reads may be differentiated later: it is added to `reads`.
 */
export function closed<T>(
  operation: string,
  own: readonly Tensor[],
  hidden: boolean,
  run: () => T,
  reads: Set<Tensor> = new Set(),
): T {
  const tapes = visibleRecorders();
  const known = new Set(own);
  const refuse = (values: readonly Tensor[]): void => refuseFollowed(operation, tapes, values);
  const note = (t: Tensor): void => {
    known.add(t);
    if (!hidden) reads.add(t);
  };
  const guard: Recorder = {
    active: (inputs) => {
      const outside = inputs.filter((t) => !known.has(t));
      refuse(outside);
      for (const t of outside) note(t);
      return inputs.map(() => false);
    },
    record: (_row, _inputs, outputs) => outputs.forEach((t) => void known.add(t)),
    noteVariable: (variable, value) => {
      if (hidden) {
        for (const tape of tapes) tape.noteVariable?.(variable, value);
        refuse([value]);
      }
      note(value);
    },
  };
  const guarded = (): T => withFrame(guard, run);
  return hidden ? muted(guarded) : guarded();
}

/** Throws if a tape differentiates one of the values that a custom function has captured. */
export function refuseCaptured(operation: string, captured: readonly Tensor[]): void {
  refuseFollowed(operation, visibleRecorders(), captured);
}

function refuseFollowed(operation: string, tapes: readonly Recorder[], values: readonly Tensor[]): void {
  for (const tape of tapes) {
    const value = values[tape.active(values)?.indexOf(true) ?? -1];
    if (value !== undefined) throw closesOver(operation, value.type);
  }
}

const closesOver = (operation: string, type: TensorType): RuleError =>
  new RuleError(
    `${operation}: the function closes over a value that is being differentiated (${formatType(type)}), and its ` +
      'rule speaks of its arguments alone; pass the value as an argument, or close over stopGradient of it, taken outside',
  );
