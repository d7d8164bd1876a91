/** @jacobi/autograd: derivatives of programs. */
export { GradientTape } from './tape.ts';
export type { GradientOptions, LikeSources, MaybeNull, Source, Sources, TapeOptions } from './tape.ts';
export type { Unconnected } from './unconnected.ts';
export { grad, valueAndGrad } from './grad.ts';
export type { GradFunction, GradOptions } from './grad.ts';
export { hvp, jvp, linearize, vjp } from './modes.ts';
export type { AuxOptions } from './modes.ts';
export { vmap } from './vmap.ts';
export type { VmapOptions } from './vmap.ts';
export { checkpoint, jit } from './jit.ts';
export type { JitOptions } from './jit.ts';
export { customGradient, customJvp, customVjp } from './custom.ts';
export { checkGradients } from './check-gradients.ts';
export type { CheckGradientsOptions, GradientMode } from './check-gradients.ts';
export type { AnyFunction, AnyNest, Argnums } from './call.ts';
export { GradientCheckError, RuleError, TapeConsumedError, TapeStateError, UnconnectedError } from './errors.ts';
