/**
 * What a plan costs in each tier, roughly, in nanoseconds. The one idea: a plan becomes a module when what JavaScript has
 * lost on it so far would have paid for the module. Must not import tiers.
 */
import type { Kernel, Plan, ScalarStep } from '@jacobi/backend';
import { bytesPerElement } from '@jacobi/backend';
import { product } from './axes.ts';
import { isLong } from './functions.ts';

/** Steps of a body, weighted by what a function takes in JavaScript. */
function stepsOf(body: readonly ScalarStep[]): number {
  let steps = 0;
  for (const step of body) {
    if (!('constant' in step)) steps += isLong(step.fn) ? 12 : 1;
  }
  return steps;
}

/** Elements times steps. */
function workOf(kernel: Kernel): number {
  switch (kernel.kind) {
    case 'map':
      return product(kernel.shape) * (1 + stepsOf(kernel.body));
    case 'reduce':
      return 100 + product(kernel.kept) * product(kernel.reduced) * (4 + stepsOf(kernel.prologue?.body ?? []));
    case 'argreduce':
      return product(kernel.kept) * kernel.length;
    case 'contract':
      return (
        300 +
        product([...kernel.batch, ...kernel.m, ...kernel.n]) *
          (4 * product(kernel.k) + stepsOf(kernel.epilogue?.body ?? []))
      );
    case 'gather':
    case 'scatter':
      return 2 * kernel.batch * kernel.outer * kernel.count * kernel.inner;
    case 'scan':
      return 2 * kernel.outer * kernel.length * kernel.inner;
    case 'random':
      return 10 * kernel.batch * kernel.count;
    case 'straight':
      return kernel.rows * (kernel.loads.length + kernel.stores.length + 2 * kernel.body.length);
    default:
      return kernel satisfies never;
  }
}

export interface Cost {
  /** One run in JavaScript, and as a module. */
  readonly steps: number;
  readonly module: number;
  /** One run in pieces, for plans that can. */
  readonly stream: number;
  /** Making the module. */
  readonly compile: number;
}

export function costOf(plan: Plan): Cost {
  const work = plan.steps.reduce((sum, kernel) => sum + workOf(kernel), 0);
  const buffers = [...plan.inputs, ...plan.outputs];
  const bytes = buffers.reduce(
    (sum, slot) => sum + plan.slots[slot]!.length * bytesPerElement(plan.slots[slot]!.dtype),
    0,
  );
  return {
    steps: 60 * plan.steps.length + work,
    module: 60 + 25 * buffers.length + 0.12 * bytes + 12 * plan.steps.length + 0.15 * work,
    stream: 500 + 0.08 * bytes + 0.15 * work,
    compile: 100_000 + 20_000 * plan.steps.length,
  };
}
