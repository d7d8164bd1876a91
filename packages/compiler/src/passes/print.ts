/**
 * Plans as text, to be read before and after a pass.
 * The one idea: one line a kernel, with the types and shapes of what it makes, and every access as offset and strides where
 * it is not the whole slot in order. Must not import passes.
 */
import type { Access, Kernel, Lane, Plan, ScalarStep, Slot } from '@jacobi/backend';
import { inputsOf, rowMajor, sizeOf } from '@jacobi/backend';

const SHORT = { float32: 'f32', float64: 'f64', int32: 'i32', bool: 'bool' } as const;
const LETTER = { input: 'in', output: 'out', constant: 'c', temporary: 't' } as const;

/** A plan as text: what goes in and out, and one line a kernel: `t3:f32[2,5] = map mul(in0[0,1], c1)`. */
export function printPlan(plan: Plan): string {
  const names = nameSlots(plan);
  const typed = (slot: number): string =>
    `${names[slot]}:${SHORT[plan.slots[slot]!.dtype]}[${plan.slots[slot]!.length}]`;
  const lines = [`plan(${plan.inputs.map(typed).join(', ')}) → (${plan.outputs.map(typed).join(', ')})`];
  plan.slots.forEach((slot, i) => {
    if (slot.role === 'constant') lines.push(`  ${typed(i)} = ${printData(slot)}`);
  });
  for (const kernel of plan.steps) lines.push(`  ${printKernel(kernel, plan.slots, names)}`);
  lines.push(`  arena of ${plan.arenaBytes} bytes`);
  return lines.join('\n');
}

/** A name by role, with the slot's number. */
function nameSlots(plan: Plan): string[] {
  return plan.slots.map(({ role }, i) => `${LETTER[role]}${i}`);
}

function printData({ data }: Slot): string {
  if (data === undefined) return 'nothing';
  const shown = Array.from(data.subarray(0, 6)).map(printNumber);
  return `{${shown.join(', ')}${data.length > 6 ? ', …' : ''}}`;
}

function printNumber(x: number): string {
  return Object.is(x, -0) ? '-0' : String(x);
}

/** One kernel on one line. */
function printKernel(kernel: Kernel, slots: readonly Slot[], names: readonly string[]): string {
  const name = (slot: number): string => names[slot] ?? `?${slot}`;
  const to = ({ slot, offset, strides }: Access, shape: readonly number[]): string =>
    `${name(slot)}:${SHORT[slots[slot]?.dtype ?? 'float32']}[${shape.join()}]${layout({ slot, offset, strides }, shape)}`;
  const from = (access: Access, shape: readonly number[]): string => name(access.slot) + layout(access, shape);
  switch (kernel.kind) {
    case 'map':
      return `${to(kernel.output, kernel.shape)} = map ${printBody(
        kernel.body,
        kernel.inputs.map((access) => from(access, kernel.shape)),
      )}`;
    case 'reduce': {
      const { kept, reduced, reducer, output, accumulate, prologue } = kernel;
      const over = `over [${reduced.join()}] in ${SHORT[accumulate]}`;
      const inputs = inputsOf(kernel).map((access) => from(access, [...kept, ...reduced]));
      return `${to(output, kept)} = ${reducer.name} ${printBody(prologue?.body ?? [], inputs)} ${over}`;
    }
    case 'argreduce': {
      const { kept, length, input, output, largest } = kernel;
      return `${to(output, kept)} = ${largest ? 'argmax' : 'argmin'} ${from(input, [...kept, length])} over [${length}]`;
    }
    case 'contract': {
      const { batch, m, n, k, left, right, output, epilogue } = kernel;
      const sizes = `b[${batch.join()}] m[${m.join()}] n[${n.join()}] k[${k.join()}]`;
      const operands = `${from(left, [...batch, ...m, ...k])} · ${from(right, [...batch, ...n, ...k])}`;
      const results = [...batch, ...m, ...n];
      const inputs = [`contract ${operands} ${sizes}`, ...(epilogue?.inputs ?? []).map((each) => from(each, results))];
      return `${to(output, results)} = ${printBody(epilogue?.body ?? [], inputs)}`;
    }
    case 'straight': {
      const lane = ({ slot, offset, stride }: Lane): string => `${name(slot)}(${offset}+${stride}r)`;
      const stores = kernel.stores.map((store) => lane(store)).join(', ');
      return `${stores} = straight ${kernel.rows} rows, ${kernel.body.length} steps of ${kernel.loads.map(lane).join(', ')}`;
    }
    default:
      return printIndexed(kernel, name);
  }
}

/** Kernels over whole slots. */
function printIndexed(
  kernel: Extract<Kernel, { kind: 'gather' | 'scatter' | 'scan' | 'random' }>,
  name: (slot: number) => string,
): string {
  switch (kernel.kind) {
    case 'gather': {
      const { batch, outer, size, count, inner, source, indices, output } = kernel;
      return `${name(output)} = gather ${name(source)}[${batch},${outer},${size},${inner}] at ${name(indices)}[${count}]`;
    }
    case 'scatter': {
      const { batch, outer, size, count, inner, updates, indices, output } = kernel;
      return `${name(output)}[${batch},${outer},${size},${inner}] += scatter ${name(updates)} at ${name(indices)}[${count}]`;
    }
    case 'scan': {
      const { form, outer, length, inner, reverse, values, factors, output } = kernel;
      const operands = factors === undefined ? name(values) : `${name(values)}, ${name(factors)}`;
      return `${name(output)}[${outer},${length},${inner}] = scan ${form} ${operands}${reverse ? ' from the end' : ''}`;
    }
    case 'random':
      return `${name(kernel.output)}[${kernel.batch},${kernel.count}] = random ${name(kernel.keys)}`;
    default:
      return kernel satisfies never;
  }
}

/** Offset and strides where they are not those of a row-major whole. */
function layout({ offset, strides }: Access, shape: readonly number[]): string {
  const plain = rowMajor(shape);
  const inOrder = strides.every((stride, i) => stride === plain[i] || shape[i]! <= 1);
  if (offset === 0 && (inOrder || sizeOf(shape) === 0)) return '';
  const at = offset === 0 ? '' : `${offset}+`;
  return `(${at}${inOrder ? '…' : strides.map((stride, i) => (shape[i] === 1 ? '·' : stride)).join()})`;
}

/** A body as nested calls; a step read more than once is written out where it is first read, and named. */
function printBody(body: readonly ScalarStep[], inputs: readonly string[]): string {
  if (body.length === 0) return inputs[0] ?? '';
  const reads = new Map<number, number>();
  for (const step of body) if ('fn' in step) for (const arg of step.args) reads.set(arg, (reads.get(arg) ?? 0) + 1);
  const written = new Set<number>();
  const write = (operand: number): string => {
    const step = body[operand - inputs.length];
    if (step === undefined) return inputs[operand] ?? `?${operand}`;
    if ('fn' in step && step.args.some((arg) => arg >= operand)) return `?${step.fn.name}`;
    if ('constant' in step) return printNumber(step.constant);
    const name = (reads.get(operand) ?? 0) > 1 ? `%${operand}` : '';
    if (name !== '' && written.has(operand)) return name;
    written.add(operand);
    const call = `${step.fn.name}(${step.args.map(write).join(', ')})`;
    return name === '' ? call : `${name}:=${call}`;
  };
  return write(inputs.length + body.length - 1);
}
