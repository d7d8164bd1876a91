/**
 * Samples of every primitive. The one idea: the table's type is made of the exported rows, so that a row without samples does
 * not compile.
 */
import type * as internal from '@jacobi/tensor/internal';
import type { Sample } from './sample.ts';
import { arithmetic } from './samples/arithmetic.ts';
import { functions } from './samples/functions.ts';
import { joining } from './samples/joining.ts';
import { movement } from './samples/movement.ts';
import { products } from './samples/products.ts';
import { reductionSamples } from './samples/reductions.ts';

type RowName<K> = K extends `${infer Name}Row` ? Name : never;

/** The names of all rows, as they are exported. */
export type PrimitiveName = RowName<keyof typeof internal>;

/** Each primitive with what it is checked on. */
export const samples: Record<PrimitiveName, readonly Sample[]> = {
  ...arithmetic,
  ...functions,
  ...reductionSamples,
  ...movement,
  ...joining,
  ...products,
};
