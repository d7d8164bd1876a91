/** Every public operation that is made of others: values, derivatives, batches, programs. */
import { describe, test } from 'vitest';
import { composites } from './composites.ts';
import { sweep } from './sweep.ts';

sweep('composite', composites, { describe, test });
