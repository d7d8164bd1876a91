/*
 * A page whose content security policy allows 'wasm-unsafe-eval' but not 'unsafe-eval' makes WebAssembly at run time and no
 * code from strings. Node has a flag for the same.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = `
  import { getBackend, GradientTape, jit, mul, pow, prepareJacobian, sin, stack, stats, tensor, vmap } from 'jacobi';
  let refused = false;
  try { new Function('return 1')(); } catch { refused = true; }
  const x = tensor(1);
  const tape = new GradientTape();
  const y = tape.record(() => { tape.watch(x); return stack([pow(x, 2), sin(x)]); });
  const J = prepareJacobian((p) => mul(p, p), { shape: [2] });
  const f = jit(vmap((p) => sin(mul(p, 3))));
  const long = tensor(new Float32Array(20000).fill(0.5));
  console.log(JSON.stringify([
    refused, getBackend().name, tape.jacobian(y, x).arraySync(), J(tensor([1, 3])).arraySync(),
    f(long).dataSync()[19999], getBackend().stats().modules > 0,
  ]));`;

test('nothing needs code from strings, and WebAssembly is what runs', async () => {
  const args = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: new URL('.', import.meta.url) });
  expect(JSON.parse(stdout)).toEqual([
    true,
    'wasm',
    [2, Math.fround(Math.cos(1))],
    [
      [2, 0],
      [0, 6],
    ],
    Math.fround(Math.sin(1.5)),
    true,
  ]);
});
