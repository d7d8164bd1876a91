/*
 * What every engine has to do, with what a user imports. `run` resolves to the default backend's name, whether it made modules,
 * how many threads a backend with threads has, and each check that failed.
 */
import * as jacobi from 'jacobi';

const {
  exp,
  GradientTape,
  getBackend,
  jacobian,
  jit,
  matmul,
  mul,
  pow,
  prepareJacobian,
  sin,
  stack,
  sum,
  tanh,
  tensor,
  vmap,
  wasm,
  withBackend,
} = jacobi;

const failures = [];

function check(name, actual, expected, tolerance = 0) {
  const [left, right] = [actual, expected].map((value) => [value].flat(Infinity));
  const near = (a, b) => Object.is(a, b) || Math.abs(a - b) <= tolerance * (1 + Math.abs(b));
  if (left.length === right.length && left.every((value, i) => near(value, right[i]))) return;
  failures.push(`${name}: ${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}

function tapes() {
  const x = tensor(1);
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    return stack([pow(x, 2), sin(x)]);
  });
  check('tape.jacobian', tape.jacobian(y, x).arraySync(), [2, Math.fround(Math.cos(1))], 1e-7);
}

function functions() {
  const wide = tensor([0.3, -1.7, 22], { dtype: 'float64' });
  const slopes = [0.3, -1.7, 22].map((x, i) => [0, 1, 2].map((j) => (i === j ? Math.cos(x) : 0)));
  check('jacobian in float64', jacobian(sin)(wide).arraySync(), slopes, 4e-16);
  const J = prepareJacobian((p) => mul(p, p), { shape: [2] });
  check('prepareJacobian', J(tensor([1, 3])).arraySync(), [
    [2, 0],
    [0, 6],
  ]);
  const long = tensor(new Float32Array(20_000).fill(0.5));
  check('jit of vmap', jit(vmap((p) => sin(mul(p, 3))))(long).dataSync()[19_999], Math.sin(1.5), 1e-7);
}

/** Numbers that are not alike, from −1 to 1. */
const numbers = (count) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + 1));

/** Work that threads share: a product, elementwise, sums, straight lines over rows. */
function work(backend) {
  return withBackend(backend, () => {
    const a = tensor(numbers(300 * 410), { shape: [300, 410] });
    const b = tensor(numbers(410 * 270), { shape: [410, 270] });
    const slope = vmap(jacobian((p) => stack([sin(p), mul(p, p)])));
    return [
      matmul(a, b).dataSync(),
      exp(tanh(tensor(numbers(300_000)))).dataSync(),
      sum(a, 1).dataSync(),
      jit(slope)(tensor(numbers(30_000))).dataSync(),
    ];
  });
}

async function threads() {
  const backend = await wasm({ threads: 3 });
  const count = backend.traits.threads;
  const [alone, together] = [work(await wasm()), work(backend)];
  alone.forEach((values, i) => {
    const differing = values.findIndex((value, j) => !Object.is(value, together[i][j]));
    check(`work ${i} with threads, first difference`, differing, -1);
  });
  check('threads at work', backend.traits.threads, count);
  if (Symbol.dispose) backend[Symbol.dispose]();
  return count;
}

export async function run() {
  tapes();
  functions();
  const used = await threads();
  return { backend: getBackend().name, modules: getBackend().stats().modules > 0, threads: used, failures };
}
