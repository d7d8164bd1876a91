/** @jacobi/autograd: derivatives of programs. */

export type { AnyFunction, AnyNest, Argnums } from './call.ts';
export type { CheckGradientsOptions, GradientMode } from './check-gradients.ts';
export { checkGradients } from './check-gradients.ts';
export { customJvp } from './custom.ts';
export { customGradient, customVjp } from './custom-vjp.ts';
export { GradientCheckError, RuleError, TapeConsumedError, TapeStateError, UnconnectedError } from './errors.ts';
export type { GradFunction, GradOptions } from './grad.ts';
export { grad, valueAndGrad } from './grad.ts';
export type { JitOptions } from './jit.ts';
export { checkpoint, jit } from './jit.ts';
export type { AuxOptions, Pullback, Pushforward } from './modes.ts';
export { hvp, jvp, linearize, vjp } from './modes.ts';
export type { GradientOptions, LikeSources, MaybeNull, SourcesLike, TapeOptions } from './tape.ts';
export { GradientTape } from './tape.ts';
export type { Argument, ArgumentLeaf, Arguments, LikeNest, Source, Sources, Transformed } from './types.ts';
export type { Unconnected } from './unconnected.ts';
export type { VmapOptions } from './vmap.ts';
export { vmap } from './vmap.ts';
