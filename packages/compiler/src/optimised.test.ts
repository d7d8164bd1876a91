/** Ways of programs: what becomes part of a plan, and that each way has its own. */
import { traceCall } from '@jacobi/autograd/internal';
import { getBackend, mul, tensor } from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { compileOptimised, jittedWay, preparedWay, runOptimised } from './optimised.ts';

test('one program goes two ways: jitted it is given what it captured, prepared it holds it', () => {
  const outside = tensor([2, 3, 5]);
  const x = tensor([7, 11, 13]);
  const { program } = traceCall(
    'test',
    (t: never) => mul(t, outside),
    [x.type],
    ([t]) => [t],
  );
  const backend = getBackend();
  const [jitted, prepared] = [jittedWay(program), preparedWay(program)];
  for (const [way, given] of [
    [jitted, 1],
    [prepared, 0],
    [jitted, 1],
  ] as const) {
    expect(compileOptimised(way, backend).captured).toHaveLength(given);
    expect(runOptimised(way, [x])[0]!.arraySync()).toEqual([14, 33, 65]);
  }
});
