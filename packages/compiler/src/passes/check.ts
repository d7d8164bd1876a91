/**
 * The rules that every plan keeps, checked after each pass in tests and in debug mode.
 * The one idea: a pass may do what it likes with a plan, if afterwards every access stays inside its slot, everything is
 * written before it is read, and two values in one place of the arena never live at the same time.
 * Must not import passes.
 */
import type { Access, DType, Epilogue, Kernel, Plan, Prologue, ScalarStep } from '@jacobi/backend';
import { bytesPerElement, inputsOf, isFloating, readsOf, sizeOf, writesOf } from '@jacobi/backend';
import { isEmpty } from './fuse-uses.ts';
import { printPlan } from './print.ts';

/** Throws if a plan breaks a rule; the message has the plan. */
export function checkPlan(plan: Plan): void {
  const problem = problemOf(plan);
  if (problem !== undefined) throw new Error(`checkPlan: ${problem}\n${printPlan(plan)}`);
}

function problemOf(plan: Plan): string | undefined {
  const { slots } = plan;
  const written = new Set<number>(plan.inputs);
  const misplaced = misplacedSlot(plan);
  if (misplaced !== undefined) return misplaced;
  slots.forEach((slot, i) => {
    if (slot.role === 'constant') written.add(i);
  });
  for (const [i, kernel] of plan.steps.entries()) {
    const where = `step ${i} (${kernel.kind})`;
    const [reads, writes] = [readsOf(kernel), writesOf(kernel)];
    for (const slot of [...reads, ...writes])
      if (slots[slot] === undefined) return `${where}: there is no slot ${slot}`;
    for (const slot of writes) {
      const { role } = slots[slot]!;
      if (role === 'input' || role === 'constant') return `${where} writes the ${role} ${slot}`;
      if (kernel.kind !== 'scatter' && reads.includes(slot)) return `${where} reads and writes slot ${slot}`;
    }
    if (isEmpty(kernel)) continue;
    for (const slot of reads) {
      if (!written.has(slot) && slots[slot]!.length > 0) return `${where} reads slot ${slot} before it is written`;
    }
    const wrong = problemIn(kernel, plan);
    if (wrong !== undefined) return `${where}: ${wrong}`;
    for (const slot of writes) written.add(slot);
  }
  return memoryProblem(plan);
}

/** Roles and lengths of slots. */
function misplacedSlot({ slots, inputs, outputs }: Plan): string | undefined {
  if (inputs.some((slot) => slots[slot]?.role !== 'input')) return 'an input is no input slot';
  if (outputs.some((slot) => slots[slot]?.role !== 'output')) return 'an output is no output slot';
  const wrong = slots.findIndex(({ role, data, length }) => (role === 'constant' ? data?.length !== length : data));
  return wrong < 0 ? undefined : `slot ${wrong} has data of another length, or should have none`;
}

/** What is wrong with one kernel by itself. */
function problemIn(kernel: Kernel, plan: Plan): string | undefined {
  const inside = (access: Access, ...shape: readonly number[]): string | undefined => outOfBounds(access, shape, plan);
  switch (kernel.kind) {
    case 'map': {
      const accesses = [kernel.output, ...kernel.inputs];
      if (kernel.body.length === 0 && kernel.inputs.length === 0) return 'nothing to copy';
      return (
        first(accesses, (access) => inside(access, ...kernel.shape)) ?? bodyProblem(kernel.body, kernel.inputs.length)
      );
    }
    case 'reduce':
      return (
        inside(kernel.output, ...kernel.kept) ??
        first(inputsOf(kernel), (access) => inside(access, ...kernel.kept, ...kernel.reduced)) ??
        (kernel.prologue && prologueProblem(kernel.prologue))
      );
    case 'argreduce':
      return inside(kernel.output, ...kernel.kept) ?? inside(kernel.input, ...kernel.kept, kernel.length);
    case 'contract': {
      const { batch, m, n, k, left, right, output, epilogue } = kernel;
      const results = [...batch, ...m, ...n];
      return (
        first([output, ...(epilogue?.inputs ?? [])], (access) => inside(access, ...results)) ??
        inside(left, ...batch, ...m, ...k) ??
        inside(right, ...batch, ...n, ...k) ??
        (epilogue && epilogueProblem(epilogue, plan.slots[output.slot]!.dtype))
      );
    }
    case 'straight': {
      const { rows, loads, stores, body } = kernel;
      const operands = loads.length + body.length;
      if (stores.some(({ value }) => !(value >= 0 && value < operands))) return 'a store of no operand';
      const lanes = [...loads, ...stores].map(
        ({ slot, offset, stride }): Access => ({ slot, offset, strides: [stride] }),
      );
      return first(lanes, (access) => inside(access, rows)) ?? bodyProblem(body, loads.length);
    }
    default:
      return wholeProblem(kernel, plan);
  }
}

/** Kernels over whole slots: their sizes have to be those of the slots. */
function wholeProblem(
  kernel: Extract<Kernel, { kind: 'gather' | 'scatter' | 'scan' | 'random' }>,
  { slots }: Plan,
): string | undefined {
  const sized = (slot: number, ...sizes: readonly number[]): string | undefined => {
    const size = sizeOf(sizes);
    return slots[slot]!.length === size ? undefined : `slot ${slot} should have ${size} elements`;
  };
  switch (kernel.kind) {
    case 'gather': {
      const { batch, outer, count, inner, indices, output } = kernel;
      return sized(output, batch, outer, count, inner) ?? sized(indices, batch, count);
    }
    case 'scatter': {
      const { batch, outer, size, count, inner, updates, indices, output } = kernel;
      return (
        sized(output, batch, outer, size, inner) ??
        sized(indices, batch, count) ??
        sized(updates, batch, outer, count, inner)
      );
    }
    case 'scan': {
      const { outer, length, inner, values, factors = values, output } = kernel;
      return first([values, factors, output], (slot) => sized(slot, outer, length, inner));
    }
    case 'random':
      return sized(kernel.output, kernel.batch, kernel.count) ?? sized(kernel.keys, kernel.batch, 2);
    default:
      return kernel satisfies never;
  }
}

function first<T>(list: readonly T[], problem: (item: T) => string | undefined): string | undefined {
  for (const item of list) {
    const found = problem(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function outOfBounds({ slot, offset, strides }: Access, shape: readonly number[], { slots }: Plan): string | undefined {
  if (strides.length !== shape.length)
    return `an access to slot ${slot} has ${strides.length} strides for ${shape.length} axes`;
  if (shape.includes(0)) return undefined;
  let [low, high] = [offset, offset];
  shape.forEach((size, i) => {
    const reach = (size - 1) * strides[i]!;
    if (reach < 0) low += reach;
    else high += reach;
  });
  const { length } = slots[slot]!;
  return low >= 0 && high < length ? undefined : `an access to slot ${slot} goes from ${low} to ${high} of ${length}`;
}

function bodyProblem(body: readonly ScalarStep[], inputs: number): string | undefined {
  for (const [i, step] of body.entries()) {
    if ('constant' in step) continue;
    if (step.args.length !== step.fn.arity) return `${step.fn.name} takes ${step.fn.arity} operands`;
    if (step.args.some((arg) => !(arg >= 0 && arg < inputs + i))) return `${step.fn.name} reads what is not there yet`;
  }
  return undefined;
}

function prologueProblem({ inputs, body }: Prologue): string | undefined {
  const last = body.at(-1);
  if (last === undefined || 'constant' in last || !isFloating(last.dtype)) return 'a prologue that gives no number';
  return bodyProblem(body, 1 + inputs.length);
}

function epilogueProblem({ inputs, body }: Epilogue, dtype: DType): string | undefined {
  const last = body.at(-1);
  if (last === undefined || 'constant' in last || last.dtype !== dtype) return `an epilogue that gives no ${dtype}`;
  return bodyProblem(body, 1 + inputs.length);
}

/** Temporaries that were given places: inside the arena, and never two at once in one place. */
function memoryProblem(plan: Plan): string | undefined {
  const lives = new Map<number, { start: number; end: number; first: number; last: number }>();
  for (const [i, kernel] of plan.steps.entries()) {
    for (const slot of [...readsOf(kernel), ...writesOf(kernel)]) {
      const { role, offset, dtype, length } = plan.slots[slot]!;
      if (role !== 'temporary' || offset === undefined) continue;
      const known = lives.get(slot);
      if (known !== undefined) known.last = i;
      else lives.set(slot, { start: offset, end: offset + length * bytesPerElement(dtype), first: i, last: i });
    }
  }
  const placed = [...lives];
  for (const [i, [slot, a]] of placed.entries()) {
    if (a.end > plan.arenaBytes) return `slot ${slot} lies outside the arena`;
    for (const [other, b] of placed.slice(i + 1)) {
      if (a.start < b.end && b.start < a.end && a.first <= b.last && b.first <= a.last) {
        return `slots ${slot} and ${other} share bytes while both are needed`;
      }
    }
  }
  return undefined;
}
