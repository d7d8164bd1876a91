/* Real work: how the hand of a seven-joint robot arm moves and turns with each joint. */
import type { Tensor } from 'jacobi';
import { add, concat, cos, matmul, mul, prepareJacobian, reshape, sin, tensor, unstack } from 'jacobi';
import { centralDifferences, worstError } from './support/differences.ts';
import { fixed, printMatrix } from './support/print.ts';

// The Franka Emika Panda: a (m), d (m) and α of its joints and its flange, modified Denavit–Hartenberg parameters as the
// Franka Control Interface documentation has them (https://frankarobotics.github.io/docs/control_parameters.html).
// Here α counts quarter turns, so that sines and cosines of it are exact and their zeros vanish from the compiled program.
const joints = [
  link(0, 0.333, 0),
  link(0, 0, -1),
  link(0, 0.316, 1),
  link(0.0825, 0, 1),
  link(-0.0825, 0.384, -1),
  link(0, 0, 1),
  link(0.088, 0, 1),
];
const flange = link(0, 0.107, 0);

/** A joint turned by q has the pose still + cos(q) · c + sin(q) · s in the frame of the joint before: 4×4, row-major. */
function link(a: number, d: number, alpha: -1 | 0 | 1) {
  const [ca, sa] = [alpha === 0 ? 1 : 0, alpha];
  return {
    still: [0, 0, 0, a, 0, 0, -sa, -d * sa, 0, 0, ca, d * ca, 0, 0, 0, 1],
    c: [1, 0, 0, 0, 0, ca, 0, 0, 0, sa, 0, 0, 0, 0, 0, 0],
    s: [0, -1, 0, 0, ca, 0, 0, 0, sa, 0, 0, 0, 0, 0, 0, 0],
  };
}

const matrices = (data: number[]) => tensor(Float64Array.from(data)).reshape([-1, 4, 4]);
const still = matrices(joints.flatMap((joint) => joint.still));
const c = matrices(joints.flatMap((joint) => joint.c));
const s = matrices(joints.flatMap((joint) => joint.s));
const end = add(matrices(flange.still), matrices(flange.c)).reshape([4, 4]);

/** Position of the flange (3 numbers), then its rotation matrix by rows (9), from the joint angles in radians. */
function forwardKinematics(q: Tensor): Tensor {
  const angle = reshape(q, [7, 1, 1]);
  const poses = add(still, add(mul(cos(angle), c), mul(sin(angle), s)));
  const pose = [...unstack(poses), end].reduce((before, next) => matmul(before, next));
  return concat([reshape(pose.slice([0, 3], [3, 1]), [3]), reshape(pose.slice([0, 0], [3, 3]), [9])], 0);
}

// Traced once; after that a call is one run of a compiled program, from and into arrays of the caller's.
const J = prepareJacobian(forwardKinematics, { shape: [7], dtype: 'float64' });
const quarter = Math.PI / 2;
const q = Float64Array.of(0, -quarter / 2, 0, -1.5 * quarter, 0, quarter, quarter / 2);
const pose = new Float64Array(12);
const jacobian = new Float64Array(12 * 7);
J.into(q, jacobian, { value: pose });

console.log('flange at', Array.from(pose.slice(0, 3), fixed).join(', '), 'm; how it moves with each joint:');
printMatrix('q1 q2 q3 q4 q5 q6 q7', 'x y z Rxx Rxy Rxz Ryx Ryy Ryz Rzx Rzy Rzz', jacobian);
console.log(J.explain());

const error = worstError(jacobian, centralDifferences(forwardKinematics, tensor(q)).flat());
console.log('worst error against central differences:', error.toExponential(1));
