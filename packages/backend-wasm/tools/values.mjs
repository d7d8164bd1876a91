/*
 * Evaluates a scalar function on the built WebAssembly backend: node values.mjs <function> <float32|float64> <points> <kind>
 * writes arguments (one array for each operand), then results, as raw numbers to standard output; for accuracy.py.
 * kind: 'bits' for random bit patterns, 'range:a:b' for numbers between a and b. Every other operand likewise.
 */
import * as scalar from '@jacobi/backend/scalar';
import { createWasmBackend } from '@jacobi/backend-wasm';

const rows = Object.fromEntries(Object.entries(scalar));
const [name, dtype, count, kind] = process.argv.slice(2);
const n = Number(count);
const fn = rows[name];
const double = dtype === 'float64';
let state = 0x9e3779b9 ^ n;
const word = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (t ^ (t >>> 14)) >>> 0;
};
const unit = () => (word() + word() / 4294967296) / 4294967296;

function operand(i) {
  const words = new Uint32Array(double ? 2 * n : n);
  const array = double ? new Float64Array(words.buffer) : new Float32Array(words.buffer);
  const [how, a, b] = kind.split(':');
  if (name === 'powInt' && i === 1) array.forEach((_, j) => (array[j] = (word() % 21) - 10));
  else if (name === 'elu' && i === 1) array.fill(1);
  else if (how === 'bits') words.forEach((_, j) => (words[j] = word()));
  else array.forEach((_, j) => (array[j] = Number(a) + unit() * (Number(b) - Number(a))));
  return array;
}

const operands = Array.from({ length: fn.arity }, (_, i) => operand(i));
const backend = createWasmBackend({ tier: 'module' });
const slots = [...operands, operands[0]].map((_, i) => ({ dtype, length: n, role: i < fn.arity ? 'input' : 'output' }));
const access = (slot) => ({ slot, offset: 0, strides: [1] });
const inputs = operands.map((_, i) => i);
const body = [{ fn, args: inputs, dtype }];
const steps = [{ kind: 'map', shape: [n], inputs: inputs.map(access), output: access(fn.arity), body }];
const plan = { format: 1, slots, inputs, outputs: [fn.arity], steps, arenaBytes: 0 };
const out = backend.alloc(dtype, n);
backend.run(backend.compile(plan), operands, [out]);
process.stdout.write(Buffer.concat([...operands, out].map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength))));
