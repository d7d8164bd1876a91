/** @jacobi/jacobian: Jacobians of tapes and of functions. */

export { MixedRowsError } from './errors.ts';
export type { FunctionJacobianOptions, JacobianFunction } from './jacobian.ts';
export { hessian, jacfwd, jacobian, jacrev } from './jacobian.ts';
export type { JacobianOptions, Mode } from './options.ts';
export type { JacobianPlan } from './plan.ts';
export type { IntoOptions, PreparedJacobian, Spec } from './prepare.ts';
export { prepareJacobian } from './prepare.ts';
export type { BatchJacobianOptions, TapeJacobianOptions } from './tape.ts';
export { GradientTape } from './tape.ts';
export type { PrepareOptions } from './traced.ts';
