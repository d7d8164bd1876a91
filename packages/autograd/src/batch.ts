/**
 * vmap over programs: the same rows over a leading batch axis.
 * The one idea: a row says how it is batched (elementwise, params shifted, or a rule), so one interpreter batches them all.
 * Values that do not depend on a mapped input stay as they are. Must not name operations.
 */
import type { Tensor } from '@jacobi/tensor';
import { broadcastTo, reshape } from '@jacobi/tensor';
import type { Program, Row, TensorType } from '@jacobi/tensor/internal';
import { bind, bindApplication, interpret, Trace, tensorType, withFrame } from '@jacobi/tensor/internal';

/** A value of a batched run: mapped ones have the batch axis first. */
export interface Batched {
  readonly tensor: Tensor;
  readonly mapped: boolean;
}

/** Binds the rows of a program over a batch of `size`. `inputs`: the program's inputs, then what it captured. */
export function batchProgram(program: Program, inputs: readonly Batched[], size: number): Batched[] {
  return interpret(program, inputs, (row, args) => {
    const mapped = args.some((a) => a.mapped);
    const tensors = args.map((a) => a.tensor);
    const outputs = mapped ? batchRow(row, args, size) : bindApplication(row.application, tensors);
    return outputs.map((tensor) => ({ tensor, mapped }));
  });
}

/**
 * The program of a program over a batch of `size`, from inputs of these types: the program's inputs, then what it captured. All
 * its outputs have the batch axis.
 */
export function batchTraced(
  program: Program,
  types: readonly TensorType[],
  mapped: readonly boolean[],
  size: number,
): Program {
  const trace = new Trace('vmap');
  return withFrame(trace, () => {
    const inputs = types.map((type, i) => ({ tensor: trace.input(type), mapped: mapped[i]! }));
    return trace.finish(batchProgram(program, inputs, size).map((b) => withBatchAxis(b, size)));
  });
}

/** Binds one row over a batch; at least one operand is mapped, and so are all outputs. */
export function batchRow(row: Row, args: readonly Batched[], size: number): readonly Tensor[] {
  const { primitive, params, inputs } = row.application;
  const { batching } = primitive;
  if (batching === 'elementwise') {
    const rank = inputs.reduce((r, t) => Math.max(r, t.shape.length), 0);
    return bind(
      primitive,
      args.map((a) => (a.mapped ? alignBatch(a.tensor, rank) : a.tensor)),
      params,
    );
  }
  if ('shift' in batching) {
    const all = args.map((a) => withBatchAxis(a, size));
    return bind(primitive, all, batching.shift(params, inputs, size));
  }
  return batching.rule(
    args.map((a) => a.tensor),
    args.map((a) => a.mapped),
    params,
    size,
    row.application,
  );
}

/** A mapped operand with axes of size 1 after its batch axis, so that it broadcasts against `rank` axes. */
function alignBatch(t: Tensor, rank: number): Tensor {
  const [size, ...core] = t.shape;
  return reshape(t, [size!, ...new Array<number>(rank - core.length).fill(1), ...core]);
}

/** The value with a batch axis: an unmapped one is the same for the whole batch. */
export function withBatchAxis({ tensor, mapped }: Batched, size: number): Tensor {
  return mapped ? tensor : broadcastTo(tensor, [size, ...tensor.shape]);
}

/** The type of one example of a batch along `axis`. */
export function exampleType({ dtype, shape }: TensorType, axis = 0): TensorType {
  return tensorType(
    dtype,
    shape.filter((_, i) => i !== axis),
  );
}
