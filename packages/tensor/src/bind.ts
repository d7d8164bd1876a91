/**
 * bind: the one door through which every operation goes.
 * The one idea: compute the value now, or append a row to the trace; then tell the tapes that follow an input.
 * Must not import rows or operations.
 */
import type { Backend, BufferRef, Executable } from '@jacobi/backend';
import { checkCount } from './checks.ts';
import { getBackend } from './device.ts';
import { isAlias, lowerApplication } from './lower.ts';
import type { Application, Params, Primitive } from './primitive.ts';
import { formatParam } from './primitive.ts';
import { readAtOnce, Tensor, tensorFromData } from './tensor.ts';
import type { TensorType } from './type.ts';
import { watch } from './watch.ts';

/** No params: shared, so that looking for it is comparing pointers. */
export const NONE: Params = /* @__PURE__ */ Object.freeze({});

/** An application with what running it eagerly needs. */
interface Bound extends Application {
  executable: Executable | null;
  on: Backend | null;
}

/** Applications of one primitive that are kept for being found again. */
const LIMIT = 4096;
/** Those of them that are looked at first. */
const RECENT = 4;
let applications = 0;

interface Cache {
  /** Those that were last not among these, the latest first; none of those that hold something. */
  readonly recent: Bound[];
  readonly byKey: Map<string | number, Bound>;
}

/** What an application holds beside types and params, and where those that hold it are kept. See `holding`. */
export interface Held extends Pick<Application, 'programs' | 'closures'> {
  readonly key: string;
  readonly caches: Map<Primitive<never>, Cache>;
}

const NOTHING: Held = { programs: [], closures: [], key: '', caches: /* @__PURE__ */ new Map() };

/** The application of `primitive` to these types and params; throws what the row's type rule throws. */
export function apply<P extends Params>(
  primitive: Primitive<P>,
  inputs: readonly TensorType[],
  params: P,
  held: Held = NOTHING,
): Application<P> {
  return find(primitive as unknown as Primitive, inputs, params, held) as unknown as Application<P>;
}

function find(primitive: Primitive, inputs: readonly TensorType[], params: Params, held: Held): Bound {
  const { caches, programs, closures } = held;
  let cache = caches.get(primitive as unknown as Primitive<never>);
  if (cache === undefined) {
    cache = { recent: [], byKey: new Map() };
    caches.set(primitive as unknown as Primitive<never>, cache);
  }
  const { recent, byKey } = cache;
  for (let i = 0; i < recent.length; i++) {
    const known = recent[i]!;
    if (sameTypes(known.inputs, inputs) && sameParam(known.params, params)) return known;
  }
  const key = keyOf(inputs, params, held);
  let bound = byKey.get(key);
  if (bound === undefined) {
    const outputs = primitive.type(inputs, params, programs);
    for (const { size } of outputs) checkCount(primitive.name, size);
    bound = {
      id: ++applications,
      primitive,
      inputs,
      params,
      programs,
      closures,
      outputs,
      executable: null,
      on: null,
      alias: isAlias(primitive, inputs, params, outputs),
    };
    if (byKey.size >= LIMIT) byKey.delete(byKey.keys().next().value!);
    byKey.set(key, bound);
  } else if (byKey.size > LIMIT / 2) {
    // What is used stays longest, once there are so many that some may have to go.
    byKey.delete(key);
    byKey.set(key, bound);
  }
  if (held === NOTHING && recent.unshift(bound) > RECENT) recent.pop();
  return bound;
}

function sameTypes(a: readonly TensorType[], b: readonly TensorType[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Comparing with what was bound lately is quicker than making its key. Params of one primitive have the same names. */
function sameParam(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === b) return Object.is(a, b);
  if (typeof b !== 'object') return false;
  if (Array.isArray(a)) {
    const other = b as unknown[];
    return a.length === other.length && a.every((part, i) => sameParam(part, other[i]));
  }
  for (const name in a) if (!sameParam((a as Params)[name], (b as Params)[name])) return false;
  return true;
}

function keyOf(inputs: readonly TensorType[], params: Params, held: Held): string | number {
  if (params === NONE && held === NOTHING) {
    if (inputs.length === 1) return inputs[0]!.id;
    if (inputs.length === 2) return -1 - (inputs[0]!.id * 67108864 + inputs[1]!.id);
  }
  let { key } = held;
  for (const t of inputs) key += `${t.id},`;
  for (const name in params) key += `|${name}:${formatParam(params[name]!)}`;
  return key;
}

/** Binds a primitive; returns all its outputs. */
export function bind<P extends Params>(
  primitive: Primitive<P>,
  inputs: readonly Tensor[],
  params: P = NONE as P,
  held: Held = NOTHING,
): readonly Tensor[] {
  const types = inputs.map((t) => t.type);
  return bindApplication(find(primitive as unknown as Primitive, types, params, held), inputs);
}

/** Binds a primitive with one output. */
export function bindOne<P extends Params>(
  primitive: Primitive<P>,
  inputs: readonly Tensor[],
  params: P = NONE as P,
): Tensor {
  return bind(primitive, inputs, params)[0]!;
}

/** Binds an application that is at hand already. */
export function bindApplication(application: Application, inputs: readonly Tensor[]): readonly Tensor[] {
  return watch === null ? execute(application, inputs) : watch.bind(application, inputs);
}

/** Runs an application on tensors with elements. */
export function execute(application: Application, inputs: readonly Tensor[]): readonly Tensor[] {
  const bound = application as Bound;
  const backend = inputs.length > 0 ? inputs[0]!.backend! : getBackend();
  if (bound.alias && inputs[0]!.buffer !== null) return [new Tensor(bound.outputs[0]!, inputs[0]!.buffer, backend)];
  const buffers = buffersOn(backend, inputs);
  if (bound.on !== backend) {
    bound.executable = backend.compile(lowerApplication(bound));
    bound.on = backend;
  }
  if (bound.outputs.length > 1) return runOn(backend, bound.executable!, buffers, bound.outputs);
  const type = bound.outputs[0]!;
  const out = backend.alloc(type.dtype, type.size);
  backend.run(bound.executable!, buffers, [out]);
  return [new Tensor(type, out, backend)];
}

/** The results of an executable, which has one buffer for each input and each output. */
export function runOn(
  backend: Backend,
  executable: Executable,
  inputs: readonly BufferRef[],
  types: readonly TensorType[],
): Tensor[] {
  const outs = types.map(({ dtype, size }) => backend.alloc(dtype, size));
  backend.run(executable, inputs, outs);
  return outs.map((out, i) => new Tensor(types[i]!, out, backend));
}

/** The elements of tensors, on one backend. */
export function buffersOn(backend: Backend, tensors: readonly Tensor[]): BufferRef[] {
  return tensors.map((t) => {
    if (t.buffer === null) t.trace!.checkOpen();
    return moveTo(t, backend).buffer!;
  });
}

/** The same values on `backend`. */
export function moveTo(t: Tensor, backend: Backend): Tensor {
  if (t.backend === backend || t.buffer === null) return t;
  return tensorFromData(readAtOnce(t, `moving a tensor to ${backend.name}`), t.dtype, t.shape, backend);
}
