/**
 * What rows that hold programs and closures are remembered by: the first of these, and forgotten with it. Programs come
 * first: a closure may live for as long as a custom function, and a program may hold tensors.
 * Apart from bind.ts, so that programs without such rows do not hold it. Must not import rows or operations.
 */
import type { Held } from './bind.ts';
import type { Program } from './program.ts';

const owned: WeakMap<object, Held['caches']> = /* @__PURE__ */ new WeakMap();
const closureIds: WeakMap<object, number> = /* @__PURE__ */ new WeakMap();
let closureCount = 0;

function closureId(closure: object): number {
  let id = closureIds.get(closure);
  if (id === undefined) {
    id = ++closureCount;
    closureIds.set(closure, id);
  }
  return id;
}

/** What an application is to hold: programs, and closures if there are any. */
export function holding(programs: readonly Program[], closures: readonly object[] = []): Held {
  const owner = programs[0] ?? closures[0]!;
  let caches = owned.get(owner);
  if (caches === undefined) {
    caches = new Map();
    owned.set(owner, caches);
  }
  const key = [...programs.map((p) => `#${p.id}`), ...closures.map((c) => `@${closureId(c)}`)].join('');
  return { programs, closures, key, caches };
}
