/**
 * First-order recurrences along one axis. The one idea: one loop over the axis; forward and reverse differ by the sign of
 * the step. Must not import scalar functions.
 */
import type { ScanKernel, Slot } from '@jacobi/backend';
import type { Visit } from './nest.ts';

export function scanLoop(kernel: ScanKernel, slots: readonly Slot[]): Visit {
  const { form, outer, length, inner, reverse } = kernel;
  const step = reverse ? -inner : inner;
  const first = reverse ? (length - 1) * inner : 0;
  const integer = slots[kernel.output]!.dtype === 'int32';
  const multiply = integer ? Math.imul : (a: number, b: number): number => a * b;
  return (arrays) => {
    const values = arrays[kernel.values]!;
    const factors = arrays[kernel.factors ?? kernel.values]!;
    const out = arrays[kernel.output]!;
    for (let o = 0; o < outer; o++) {
      for (let r = 0; r < inner; r++) {
        let at = o * length * inner + first + r;
        let t = form === 'product' ? 1 : 0;
        for (let i = 0; i < length; i++, at += step) {
          const v = values[at]!;
          if (form === 'sum') t += v;
          else t = form === 'product' ? multiply(t, v) : v + multiply(factors[at]!, t);
          if (integer) t |= 0;
          out[at] = t;
        }
      }
    }
  };
}
