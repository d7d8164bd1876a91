// The first Jacobian of a process: [2, cos 1]. Argument: the backend.
import { GradientTape, pow, setDefaultBackend, sin, stack, tensor } from 'jacobi';

if (process.argv[2] === 'wasm') {
  const { createWasmBackend } = await import('@jacobi/backend-wasm');
  setDefaultBackend(createWasmBackend());
}
const x = tensor(1.0);
const tape = new GradientTape();
const y = tape.record(() => {
  tape.watch(x);
  return stack([pow(x, 2), sin(x)]);
});
console.log(JSON.stringify([...tape.jacobian(y, x).dataSync()]));
