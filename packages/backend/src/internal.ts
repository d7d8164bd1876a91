/**
 * @jacobi/backend/internal: the contract and the scalar functions in one. Not covered by semantic versioning.
 */

export * from './index.ts';
export * from './scalar.ts';
