import { withoutSyncRead } from '@jacobi/backend';
import { describeBackend } from '@jacobi/backend/conformance';
import { describe, expect, test } from 'vitest';
import { cpu, createCpuBackend } from './index.ts';

describeBackend('cpu', createCpuBackend, { describe, test, expect });
describeBackend('cpu, without readSync and with late reads', async () => withoutSyncRead(await cpu()), {
  describe,
  test,
  expect,
});
