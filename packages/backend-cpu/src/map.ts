/**
 * Elementwise kernels. The one idea: a scalar program is evaluated for each element in a row of registers.
 * Must not import anything that knows operations by name.
 */
import type { DType, MapKernel, Slot } from '@jacobi/backend';
import { collapse, walker } from './nest.ts';
import type { Visit } from './nest.ts';

/** Rounds a float64 number to a dtype. */
export function rounder(dtype: DType): (value: number) => number {
  switch (dtype) {
    case 'float32':
      return Math.fround;
    case 'int32':
      return (value) => value | 0;
    case 'float64':
    case 'bool':
      return (value) => value;
  }
}

export function compileMap(kernel: MapKernel, _slots: readonly Slot[]): Visit {
  const { inputs, output, body, shape } = kernel;
  const accesses = [output, ...inputs];
  const nest = collapse(
    shape,
    accesses.map((a) => a.strides),
  );
  const positions = accesses.map(() => 0);
  const registers = new Float64Array(inputs.length + body.length);
  const steps = body.map((step, i) => {
    const at = inputs.length + i;
    if ('constant' in step) {
      registers[at] = step.constant;
      return () => {};
    }
    const fn = step.dtype === 'int32' ? (step.fn.int ?? step.fn.js) : step.fn.js;
    const [a = 0, b = 0, c = 0] = step.args;
    const round = rounder(step.dtype);
    return () => {
      registers[at] = round(fn(registers[a]!, registers[b]!, registers[c]!));
    };
  });
  const result = body.length ? registers.length - 1 : 0;
  return walker(
    nest,
    accesses.map((a) => a.offset),
    positions,
    (slots) => {
      for (let i = 0; i < inputs.length; i++) registers[i] = slots[inputs[i]!.slot]![positions[i + 1]!]!;
      for (let i = 0; i < steps.length; i++) steps[i]!();
      slots[output.slot]![positions[0]!] = registers[result]!;
    },
  );
}
