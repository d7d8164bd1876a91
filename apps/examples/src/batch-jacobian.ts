/* The Jacobian of each example of a batch, through a network. */
import type { Tensor } from 'jacobi';
import { cast, elu, GradientTape, nn, random, sum } from 'jacobi';
import { centralDifferences, worstError } from './support/differences.ts';
import { printMatrix } from './support/print.ts';

const x = random.uniform([5, 5], { minval: 0, maxval: 10, dtype: 'int32' });
const xf = cast(x, 'float32');
const layer1 = new nn.Dense({ units: 8, activation: elu });
const bn = new nn.BatchNormalization();
const layer2 = new nn.Dense({ units: 6, activation: elu });

const tape = new GradientTape({ persistent: true, watchAccessedVariables: false });
const y = tape.record(() => {
  tape.watch(xf);
  return layer2.apply(bn.apply(layer1.apply(xf), { training: true }));
});
const jacobian = tape.batchJacobian(y, xf);

console.log('y has shape', y.shape, 'and the batch Jacobian', jacobian.shape, 'of which the first example is');
const example = jacobian.slice([0, 0, 0], [1, -1, -1]);
printMatrix('x0 x1 x2 x3 x4', 'y0 y1 y2 y3 y4 y5', example.dataSync());
console.log(tape.explain(y, xf, { batch: true }));

// Batch normalisation in training mode mixes the examples. For that case TensorFlow's definition says: for example b, the
// sum over all b' of ∂y[b']/∂x[b]. The same network in float64, its outputs summed over the batch, by differences:
const [first, norm, second] = [nn.split(layer1), nn.split(bn), nn.split(layer2)];
const summed = (input: Tensor): Tensor => {
  const h = norm.apply(norm.params, first.apply(first.params, input), { training: true });
  return sum(second.apply(second.params, h), 0);
};
const expected = centralDifferences(summed, cast(xf, 'float64')); // 6 rows of 5 · 5
const error = worstError(jacobian.transpose([1, 0, 2]).dataSync(), expected.flat());
console.log('worst error against central differences in float64:', error.toExponential(1));
