import { withoutSyncRead } from '@jacobi/backend';
import { describeBackend } from '@jacobi/backend/conformance';
import { fullCpuBackend } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';

describeBackend('cpu', fullCpuBackend, { describe, test, expect });
describeBackend('cpu, without readSync and with late reads', () => withoutSyncRead(fullCpuBackend()), {
  describe,
  test,
  expect,
});
