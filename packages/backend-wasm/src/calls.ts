/**
 * Functions of single numbers for JavaScript, with the bits that vectors give.
 * The one idea: they are the vectors' own code with one number in all lanes; a call costs a few nanoseconds, less than the
 * engine's Math. Their memory is one page for tables, and stays. Must not import plans.
 */
import { writeCall } from './body.ts';
import type { ModuleStats } from './library.ts';
import { Library } from './library.ts';
import { fillTables } from './scratch.ts';
import type { CallOf } from './steps.ts';
import { api } from './wasm-api.ts';

export function createCalls(simd: boolean): { readonly of: CallOf; readonly stats: ModuleStats } {
  const library = new Library();
  let attached = false;
  const of: CallOf = (step, domain) => {
    if (!attached) {
      const memory = new api!.Memory({ initial: 1 });
      fillTables(memory.buffer);
      library.attach(memory);
      attached = true;
    }
    const name = `call:${step.fn.name}:${domain}:${step.dtype}`;
    const type = domain === 'float32' ? 'f32' : 'f64';
    const params = Array.from({ length: step.fn.arity }, () => type) as ('f32' | 'f64')[];
    library.define(name, () => ({
      params,
      results: [type],
      write: (f, importer) => writeCall({ f, width: simd ? 4 : 1, import: importer }, step, domain),
    }));
    return library.get(name);
  };
  return { of, stats: library.stats };
}
