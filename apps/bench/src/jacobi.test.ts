/* Jacobi's programs are right, on each backend: small workloads as the bench checks them. */
import { expect, test } from 'vitest';
import { makeInput } from './inputs/inputs.ts';
import { programName, WORKLOADS } from './inputs/workloads.ts';
import { open } from './jacobi.ts';
import { measure } from './measure/harness.ts';
import { TOLERANCE, worstError } from './reference/compare.ts';
import { reference } from './reference/references.ts';

const SMALL = ['seed1', 'seed2_n2', 'seed3', 'seed3_tape', 'arm7', 'rosen100'];

test.each(['cpu', 'wasm'])('%s', async (backend) => {
  for (const workload of WORKLOADS.filter(({ id }) => SMALL.includes(id))) {
    const { idioms, dtype } = await open({ backend, dtype: workload.dtype });
    const input = makeInput(workload.family, workload.n);
    const expected = reference(workload.family, input);
    for (const [name, make] of Object.entries(idioms(programName(workload), input))) {
      const { call, inOrder = (result) => result } = await make();
      measure(call, { warm: 0, batch: 0, limit: 0, batches: 1 });
      const actual = inOrder(call()).flatMap((part) => Array.from(part));
      expect(worstError(actual, expected), `${workload.id}, ${name}`).toBeLessThan(TOLERANCE[dtype]);
    }
  }
});
