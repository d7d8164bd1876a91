/* The Jacobian of a vector with respect to one number. */
import { GradientTape, pow, sin, stack, tensor } from 'jacobi';

const x = tensor(1.0);
const tape = new GradientTape();
const y = tape.record(() => {
  tape.watch(x);
  return stack([pow(x, 2), sin(x)]);
});
const jacobian = tape.jacobian(y, x);

console.log('y =', y);
console.log('∂y/∂x =', jacobian);
console.log(tape.explain(y, x));
