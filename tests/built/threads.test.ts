/* A process with threads ends by itself, whatever it has done with them. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROGRAM = `
import { wasm } from '@jacobi/backend-wasm';
import { matmul, tensor, withBackend } from '@jacobi/tensor';
const backend = await wasm({ threads: 3 });
const use = () => withBackend(backend, () => {
  const a = tensor(new Float32Array(300 * 300).fill(1), { shape: [300, 300] });
  for (let i = 0; i < 4; i++) if (matmul(a, a).dataSync()[0] !== 300) throw new Error('wrong');
});
`;

test.each([
  ['without having used them', ''],
  ['after work', 'use();'],
  ['after work and dispose', 'use(); backend[Symbol.dispose]();'],
  ['by process.exit in between', 'use(); process.exit(0);'],
])('a process with threads ends %s', (_, rest) => {
  const { status, stderr, signal } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `${PROGRAM}\n${rest}\nif (backend.traits.threads > 3) throw new Error('threads');`],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), timeout: 15_000, encoding: 'utf8' },
  );
  expect([signal, status, stderr]).toEqual([null, 0, '']);
});
