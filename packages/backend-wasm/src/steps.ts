/**
 * The first tier: a plan as closures over typed arrays, for what is small or runs once.
 * The one idea: whatever is one rounding of float64 is left to the CPU backend; functions that are more call the very code
 * that vectors run, and sums go in the same order. So a result does not tell which tier made it. Must not import the assembler.
 */
import type {
  Backend,
  ContractKernel,
  DType,
  Kernel,
  Plan,
  ReduceKernel,
  ScalarFunction,
  ScalarStep,
  Slot,
  TypedArray,
} from '@jacobi/backend';
import { resultsApart, termsApart, termType } from '@jacobi/backend';
import { contractLoop, mapLoop, reduceLoop } from '@jacobi/backend-cpu';
import { positions, product } from './axes.ts';
import { domainOf, type Operand } from './body.ts';
import { foldElements } from './fold.ts';
import { isLong } from './functions.ts';
import { contractionKind, outerProduct, summandOf } from './lower-contract.ts';
import { reductionKind } from './lower-reduce.ts';
import { DEPTH } from './recipes/gemm.ts';

/** What runs a plan on arrays: inputs, then outputs, in the order of the plan. */
export type Run = (inputs: readonly TypedArray[], outputs: readonly TypedArray[]) => void;
type Arrays = TypedArray[];
type Step = (arrays: Arrays) => void;

/** A function of one number or two that computes as the lanes do. */
export type CallOf = (
  step: Extract<ScalarStep, { fn: unknown }>,
  domain: 'float32' | 'float64',
) => ScalarFunction['js'];

export function compileSteps(original: Plan, cpu: Backend, callOf: CallOf): Run {
  const plan = termsInMemory(original);
  const steps = plan.steps.map((kernel) => prepared(kernel, plan.slots, callOf));
  const executable = cpu.compile({ ...plan, steps });
  return (inputs, outputs) => cpu.run(executable, inputs, outputs);
}

/** The plan with the terms of reductions written first, and what is made of the results of contractions last. */
function termsInMemory(plan: Plan): Plan {
  const slots = [...plan.slots];
  let arenaBytes = Math.ceil(plan.arenaBytes / 8) * 8;
  const steps = plan.steps.flatMap((kernel): readonly Kernel[] => {
    if (kernel.kind === 'contract' && kernel.epilogue) {
      const [sums, made] = resultsApart(kernel);
      return [
        { ...sums, js: contractLoop },
        { ...made, js: mapLoop },
      ];
    }
    if (kernel.kind !== 'reduce' || !kernel.prologue) return [kernel];
    const length = product([...kernel.kept, ...kernel.reduced]);
    const slot = slots.push({ dtype: termType(kernel, slots), length, role: 'temporary', offset: arenaBytes }) - 1;
    arenaBytes += length * 8;
    const [terms, reduction] = termsApart(kernel, slot);
    return [
      { ...terms, js: mapLoop },
      { ...reduction, js: reduceLoop },
    ];
  });
  return { ...plan, slots, steps, arenaBytes };
}

/** A kernel whose loops compute what modules would; products without a sum are a map, as there. */
function prepared(kernel: Kernel, slots: readonly Slot[], callOf: CallOf): Kernel {
  switch (kernel.kind) {
    case 'reduce':
      return reductionKind(kernel, slots) === 'fold' ? { ...kernel, js: reduceStep } : kernel;
    case 'contract': {
      const kind = contractionKind(kernel, slots);
      if (kind === 'outer') return outerProduct(kernel, slots);
      // Whole numbers come out the same on the CPU backend.
      return kind === 'sums' && summandOf(kernel, slots) !== 'int32' ? { ...kernel, js: contractStep } : kernel;
    }
    case 'map':
    case 'straight': {
      const dtypes = (kernel.kind === 'map' ? kernel.inputs : kernel.loads).map(({ slot }) => slots[slot]!.dtype);
      return { ...kernel, body: replaced(kernel.body, dtypes, callOf) };
    }
    default:
      return kernel;
  }
}

/** A body whose functions compute what the lanes would. */
function replaced(body: readonly ScalarStep[], dtypes: readonly DType[], callOf: CallOf): ScalarStep[] {
  const operands: Operand[] = [...dtypes];
  return body.map((step) => {
    operands.push('constant' in step ? step : step.dtype);
    if ('constant' in step) return step;
    if (!isLong(step.fn)) return step;
    const domain = domainOf(
      step,
      step.args.map((arg) => operands[arg]!),
    );
    if (domain !== 'float32' && domain !== 'float64') return step;
    const { name, arity } = step.fn;
    return { ...step, fn: { name, arity, js: callOf(step, domain) } };
  });
}

/** A reduction in the order of modules. */
function reduceStep({ kept, reduced, input, output, reducer }: ReduceKernel): Step {
  const rank = kept.length;
  const [from, to] = [positions(kept, input.strides.slice(0, rank)), positions(kept, output.strides)];
  const terms = positions(reduced, input.strides.slice(rank));
  const elements = new Float64Array(terms.length);
  return (arrays) => {
    const [source, out] = [arrays[input.slot]!, arrays[output.slot]!];
    for (let i = 0; i < to.length; i++) {
      const at = input.offset + from[i]!;
      for (let j = 0; j < terms.length; j++) elements[j] = source[at + terms[j]!]!;
      out[output.offset + to[i]!] = foldElements(reducer, elements);
    }
  };
}

/** A contraction in the order of modules. */
function contractStep(kernel: ContractKernel, slots: readonly Slot[]): Step {
  const { batch, m, n, k, left, right, output } = kernel;
  const b = batch.length;
  const table = (shape: readonly number[], strides: readonly number[]): Int32Array => positions(shape, strides);
  const x = {
    rows: table([...batch, ...m], left.strides.slice(0, b + m.length)),
    k: table(k, left.strides.slice(b + m.length)),
  };
  const y = {
    rows: table([...batch, ...n], right.strides.slice(0, b + n.length)),
    k: table(k, right.strides.slice(b + n.length)),
  };
  const to = table([...batch, ...m, ...n], output.strides);
  const [rows, columns] = [product(m), product(n)];
  const products = new Float64Array(x.k.length);
  const total = summandOf(kernel, slots) === 'float32' ? sumSingle : sumBlocks;
  return (arrays) => {
    const [a, c, out] = [arrays[left.slot]!, arrays[right.slot]!, arrays[output.slot]!];
    for (let i = 0; i < to.length; i++) {
      const row = left.offset + x.rows[Math.floor(i / columns)]!;
      const column = right.offset + y.rows[Math.floor(i / (rows * columns)) * columns + (i % columns)]!;
      for (let p = 0; p < products.length; p++) products[p] = a[row + x.k[p]!]! * c[column + y.k[p]!]!;
      out[output.offset + to[i]!] = total(products);
    }
  };
}

/** The sum of products by blocks, as in modules: each in float32, then in float64. */
function sumSingle(products: Float64Array): number {
  let total = -0;
  for (let start = 0; start < products.length; start += DEPTH) {
    const end = Math.min(start + DEPTH, products.length);
    let sum = 0;
    for (let p = start; p < end; p++) sum = Math.fround(sum + Math.fround(products[p]!));
    total += sum;
  }
  return total;
}

function sumBlocks(products: Float64Array): number {
  let total = -0;
  for (let start = 0; start < products.length; start += DEPTH) {
    const end = Math.min(start + DEPTH, products.length);
    let sum = 0;
    for (let p = start; p < end; p++) sum += products[p]!;
    total += sum;
  }
  return total;
}
