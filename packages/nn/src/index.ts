/** @jacobi/nn: layers, activations and initialisers. Everything public is listed here, by topic. */

export type { Activation, ActivationName } from './activations.ts';
// Activations and initialisers, by name
export { activations } from './activations.ts';
export type { BatchNormalizationOptions, BatchNormalizationParams } from './batch-normalization.ts';
// Layers
export { BatchNormalization } from './batch-normalization.ts';
export type { DenseOptions, DenseParams } from './dense.ts';
export { Dense } from './dense.ts';
export type {
  CustomInitializer,
  Initializer,
  InitializerName,
  Initializers,
  NormalInitializerOptions,
  SeedOptions,
  UniformInitializerOptions,
} from './initializers.ts';
export { initializers } from './initializers.ts';
export type { ApplyOptions, FloatingDType } from './layer.ts';
export { Layer } from './layer.ts';
export type { ParamsOf, SequentialOptions } from './sequential.ts';
export { Sequential } from './sequential.ts';
export type { SplitLayer } from './split.ts';
// The functional form
export { split } from './split.ts';
