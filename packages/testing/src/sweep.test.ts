/** Every primitive: values, derivatives, batches, programs. */
import { describe, test } from 'vitest';
import { samples } from './samples.ts';
import { sweep } from './sweep.ts';

sweep('primitive', samples, { describe, test });
