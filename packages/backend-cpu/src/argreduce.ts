/**
 * Positions of extremes. The one idea: the first NaN ends the search, else the first of the largest (or smallest) wins.
 * Must not import scalar functions.
 */
import type { ArgReduceKernel } from '@jacobi/backend';
import { collapse } from '@jacobi/backend';
import type { Visit } from './nest.ts';
import { walk } from './nest.ts';

export function argReduceLoop({ input, output, kept, length, largest }: ArgReduceKernel): Visit {
  const stride = input.strides[kept.length]!;
  const at = [0, 0];
  const axes = collapse(kept, [output.strides, input.strides.slice(0, -1)]);
  return walk(axes, [output.offset, input.offset], at, (slots) => {
    const source = slots[input.slot]!;
    let from = at[1]!;
    let best = source[from]!;
    let first = 0;
    for (let i = 1; i < length && best === best; i++) {
      from += stride;
      const value = source[from]!;
      if (value !== value || (largest ? value > best : value < best)) {
        best = value;
        first = i;
      }
    }
    slots[output.slot]![at[0]!] = first;
  });
}
