// The first Jacobian of a process: [2, cos 1]. Argument: the backend.
import * as tf from '@tensorflow/tfjs';

const [backend] = process.argv.slice(2);
if (backend === 'wasm') {
  const { createRequire } = await import('node:module');
  const { dirname, sep } = await import('node:path');
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep);
}
await tf.setBackend(backend);
const x = tf.scalar(1);
console.log(
  JSON.stringify(
    [tf.square, tf.sin].map(
      (f) =>
        tf
          .grad((v) => f(v))(x)
          .dataSync()[0],
    ),
  ),
);
process.exit(0);
