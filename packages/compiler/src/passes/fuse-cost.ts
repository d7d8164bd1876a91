/**
 * What an elementwise kernel costs, roughly and on any device, in additions.
 * The one idea: each element of the iteration space pays for its steps and for the memory that it touches, more where
 * neighbours lie apart, less where they are the same. Must not import passes.
 */
import type { Access, Kernel, MapKernel, ScalarStep } from '@jacobi/backend';
import { sizeOf } from '@jacobi/backend';
import { weightOf } from './exact.ts';

/** Starting a kernel. */
const LAUNCH = 150;

export function costOf({ shape, inputs, output, body }: MapKernel): number {
  const size = sizeOf(shape);
  const steps = workOf(body);
  let memory = Infinity;
  for (let axis = Math.max(0, shape.length - 2); axis < Math.max(1, shape.length); axis++) {
    let along = 1.5 * touch(output, axis);
    for (const input of inputs) along += touch(input, axis);
    memory = Math.min(memory, along);
  }
  return LAUNCH + size * (steps + memory);
}

/** What a body costs for one element. */
export function workOf(body: readonly ScalarStep[]): number {
  let work = 0;
  for (const step of body) work += weightOf(step);
  return work;
}

/** True if a map in its readers is sure to cost more than what is saved by not writing and reading its result. */
export function isTooDear({ shape, inputs, body }: MapKernel, readers: readonly Kernel[]): boolean {
  const size = sizeOf(shape);
  let elements = 0;
  for (const reader of readers) if (reader.kind === 'map') elements += sizeOf(reader.shape);
  return workOf(body) * (elements - size) > LAUNCH + size * (1.5 + 2 * inputs.length) + 2 * elements;
}

/** An access along the axis that a loop runs along. */
function touch({ strides }: Access, axis: number): number {
  const stride = Math.abs(strides[axis] ?? 1);
  if (stride === 0) return strides.every((s) => s === 0) ? 0.1 : 0.3;
  return stride === 1 ? 1 : 2;
}
