/* The Jacobian of a tensor with respect to a tensor. */
import { add, constant, GradientTape, mul, pow, tensor } from 'jacobi';

const x = tensor([1, 2]);
const tape = new GradientTape({ persistent: true });
const y = tape.record(() => {
  tape.watch(x);
  return constant(add(pow(x, 2), mul(2, x)));
});
const jacobian = tape.jacobian(y, x);

console.log('y =', y);
console.log('∂y/∂x =');
console.log(jacobian);
console.log(tape.explain(y, x));
