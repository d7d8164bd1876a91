/** jacobi: everything public, under one name. */
export * from '@jacobi/tensor';
export * from '@jacobi/autograd';
export * from '@jacobi/jacobian';
export { GradientTape } from '@jacobi/jacobian';
export { stats } from '@jacobi/compiler';
export type { Stats } from '@jacobi/compiler';
export { cpu } from '@jacobi/backend-cpu';
export * as nn from '@jacobi/nn';
