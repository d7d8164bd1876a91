/*
 * What WebAssembly's vectors can do at most in this Node: a register-blocked loop of multiply-adds on panels that stay in
 * the first cache, as many operations as the matrix product of that size has. No matrix product: a limit for them.
 * Loaded by src/worker.ts; every idiom checks its own block.
 */
import makeWabt from 'wabt';

const DEPTH = 256;

/** C[rows, 4·vectors] += A · B, `times` times over; A by columns of `rows`, B by rows of 4·vectors. */
function kernel(rows, vectors, fused, unroll) {
  const width = 4 * vectors;
  const each = (f) =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: vectors }, (_, j) => f(i, j)))
      .flat()
      .join('\n');
  const step = (u) => {
    const loads = Array.from(
      { length: vectors },
      (_, j) => `(local.set $b${j} (v128.load offset=${(u * width + 4 * j) * 4} (local.get $b)))`,
    );
    const products = Array.from({ length: rows }, (_, i) => {
      const splat = `(local.set $s (v128.load32_splat offset=${(u * rows + i) * 4} (local.get $a)))`;
      const sums = Array.from({ length: vectors }, (_, j) => {
        const [c, b] = [`(local.get $c${i}_${j})`, `(local.get $b${j})`];
        const sum = fused
          ? `(f32x4.relaxed_madd (local.get $s) ${b} ${c})`
          : `(f32x4.add ${c} (f32x4.mul (local.get $s) ${b}))`;
        return `(local.set $c${i}_${j} ${sum})`;
      });
      return [splat, ...sums].join('\n');
    });
    return [...loads, ...products].join('\n');
  };
  return `(module (memory (export "memory") 1)
    (func (export "run") (param $A i32) (param $B i32) (param $C i32) (param $times i32)
      (local $a i32) (local $b i32) (local $k i32) (local $s v128)
      ${Array.from({ length: vectors }, (_, j) => `(local $b${j} v128)`).join(' ')}
      ${each((i, j) => `(local $c${i}_${j} v128)`)}
      (loop $again
        ${each((i, j) => `(local.set $c${i}_${j} (v128.load offset=${(i * width + 4 * j) * 4} (local.get $C)))`)}
        (local.set $a (local.get $A))
        (local.set $b (local.get $B))
        (local.set $k (i32.const ${DEPTH}))
        (loop $deep
          ${Array.from({ length: unroll }, (_, u) => step(u)).join('\n')}
          (local.set $a (i32.add (local.get $a) (i32.const ${rows * 4 * unroll})))
          (local.set $b (i32.add (local.get $b) (i32.const ${width * 4 * unroll})))
          (br_if $deep (local.tee $k (i32.sub (local.get $k) (i32.const ${unroll})))))
        ${each((i, j) => `(v128.store offset=${(i * width + 4 * j) * 4} (local.get $C) (local.get $c${i}_${j}))`)}
        (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))))`;
}

const assembled = (wabt, [rows, vectors, unroll], fused) =>
  wabt.parseWat('kernel.wat', kernel(rows, vectors, fused, unroll), { simd: true, relaxed_simd: true }).toBinary({})
    .buffer;

function loop(wabt, n, shape, fused) {
  const [rows, vectors] = shape;
  const width = 4 * vectors;
  const { memory, run } = new WebAssembly.Instance(new WebAssembly.Module(assembled(wabt, shape, fused))).exports;
  const [A, B, C] = [0, rows * DEPTH, (rows + width) * DEPTH];
  const floats = new Float32Array(memory.buffer);
  for (let i = 0; i < C; i++) floats[i] = ((i * 7) % 13) / 13 - 0.5;
  run(A * 4, B * 4, C * 4, 1);
  for (const [i, j] of [
    [0, 0],
    [rows - 1, width - 1],
  ]) {
    let sum = 0;
    for (let k = 0; k < DEPTH; k++) sum += floats[A + k * rows + i] * floats[B + k * width + j];
    if (Math.abs(floats[C + i * width + j] - sum) > 1e-3) throw new Error('the kernel computes something else');
  }
  const times = Math.round(n ** 3 / (rows * width * DEPTH));
  const result = floats.subarray(C, C + rows * width);
  return {
    call: () => {
      result.fill(0);
      run(A * 4, B * 4, C * 4, times);
      return [result];
    },
  };
}

const SHAPES = [
  [4, 2, 1],
  [2, 4, 1],
  [4, 2, 2],
  [4, 2, 4],
  [2, 4, 2],
  [8, 1, 2],
  [4, 3, 2],
  [8, 2, 1],
];

export async function open() {
  const wabt = await makeWabt();
  // Relaxed SIMD's multiply-add: not in every engine.
  const forms = [false, true].filter((fused) => WebAssembly.validate(assembled(wabt, SHAPES[0], fused)));
  const idioms = ({ numbers }) =>
    Object.fromEntries(
      forms.flatMap((fused) =>
        SHAPES.map((shape) => [
          `${fused ? 'fused' : 'mul+add'} ${shape[0]}x${shape[1] * 4} by ${shape[2]}`,
          () => loop(wabt, numbers.n, shape, fused),
        ]),
      ),
    );
  return {
    version: process.version,
    dtype: 'float32',
    idioms: (program, input) => (program === 'matmul' ? idioms(input) : {}),
  };
}
