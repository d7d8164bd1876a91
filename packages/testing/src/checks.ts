/**
 * What is checked of each sample, as one function a property. The one idea: a derivative is compared with what needs no
 * derivative (difference quotients), and everything else (transposition, batches, programs) with it.
 */

import { grad, jit, jvp, vjp, vmap } from '@jacobi/autograd';
import { differenceQuotient } from '@jacobi/autograd/internal';
import type { DType } from '@jacobi/backend';
import { isFloating, withoutSyncRead } from '@jacobi/backend';
import { createCpuBackend } from '@jacobi/backend-cpu';
import type { Tensor } from '@jacobi/tensor';
import { add, cast, full, mul, stack, sum, withBackend } from '@jacobi/tensor';
import type { NdArray } from './array.ts';
import type { Numbers } from './matchers.ts';
import { expectClose } from './matchers.ts';
import { directionFrom, randomFrom } from './random.ts';
import type { Sample } from './sample.ts';
import { make, tensorsFor } from './sample.ts';
import { exact, tolerances } from './tolerances.ts';

/** A function of floating tensors with a list of results. */
type Listed = (...xs: Tensor[]) => Tensor[];

/** The elements of a tensor with its shape. */
export function numbersOf(t: Tensor): Numbers {
  return { shape: t.shape, data: t.dataSync() };
}

const listOf = (result: Tensor | readonly Tensor[]): Tensor[] =>
  Array.isArray(result) ? [...(result as Tensor[])] : [result as Tensor];

/** The sample as a function of its floating arguments alone, with a list of floating results (dtype `floating`). */
export function floatingPart(sample: Sample, seed = 0, floating: DType = 'float64'): { f: Listed; xs: Tensor[] } {
  const all = tensorsFor(sample, seed, floating);
  const places = all.flatMap((t, i) => (isFloating(t.dtype) ? [i] : []));
  const f: Listed = (...xs) => {
    const args = [...all];
    places.forEach((p, i) => {
      args[p] = xs[i]!;
    });
    return listOf(sample.run(...args)).filter((t) => isFloating(t.dtype));
  };
  return { f, xs: places.map((p) => all[p]!) };
}

/** Directions like the given tensors. */
function directionsLike(ts: readonly Tensor[], text: string): Tensor[] {
  const random = randomFrom(text);
  return ts.map((t) => make(directionFrom(random, t.size), t.shape, t.dtype));
}

const arraysOf = (ts: readonly Tensor[]): ArrayLike<number>[] => ts.map((t) => t.dataSync());

function expectLists(
  actual: readonly Tensor[],
  expected: readonly Numbers[],
  tolerance: Parameters<typeof expectClose>[2],
  what: string,
  scale = 1,
): void {
  if (actual.length !== expected.length)
    throw new Error(`${what}: ${actual.length} results, expected ${expected.length}`);
  actual.forEach((t, i) => {
    expectClose(numbersOf(t), expected[i]!, tolerance, actual.length === 1 ? what : `${what}, result ${i}`, scale);
  });
}

/** Size of the largest finite number, at least 1: what absolute errors are measured by. */
export function scaleOf(lists: readonly ArrayLike<number>[]): number {
  let scale = 1;
  for (const list of lists)
    for (let i = 0; i < list.length; i++) if (Number.isFinite(list[i])) scale = Math.max(scale, Math.abs(list[i]!));
  return scale;
}

/** Values, dtypes and shapes against the oracle, in float64 and float32. */
export function checkValue(sample: Sample): void {
  for (const floating of sample.float32 === false ? (['float64'] as const) : (['float64', 'float32'] as const)) {
    const args = tensorsFor(sample, 0, floating);
    const results = listOf(sample.run(...args));
    const wanted = sample.gives ?? args.find((t) => isFloating(t.dtype))?.dtype ?? 'int32';
    for (const t of results)
      if (t.dtype !== wanted) throw new Error(`${sample.name}: dtype ${t.dtype}, expected ${wanted}`);
    if (sample.oracle !== undefined) {
      const given = sample.oracle(...args.map((t): NdArray => ({ shape: t.shape, data: Array.from(t.dataSync()) })));
      const expected = Array.isArray(given) ? (given as NdArray[]) : [given as NdArray];
      const inFloat32 = args.some((t) => t.dtype === 'float32') || wanted === 'float32';
      const tolerance = isFloating(wanted) ? tolerances.value[inFloat32 ? 'float32' : 'float64'] : exact;
      expectLists(results, expected, tolerance, `${sample.name} in ${floating}`, scaleOf(expected.map((e) => e.data)));
    }
  }
}

/** jvp and vjp of f at xs: jvp against differences, both against each other, all arguments together and each alone. */
function checkDerivatives(f: Listed, xs: readonly Tensor[], what: string): void {
  const subsets = xs.length === 1 ? [[0]] : [xs.map((_, i) => i), ...xs.map((_, i) => [i])];
  for (const places of subsets) {
    const own = places.map((p) => xs[p]!);
    const g: Listed = (...moving) => {
      const args = [...xs];
      places.forEach((p, i) => {
        args[p] = moving[i]!;
      });
      return f(...args);
    };
    checkAlong(g, own, places.length === xs.length ? what : `${what}, argument ${places.join()} alone`);
  }
}

function checkAlong(f: Listed, xs: readonly Tensor[], what: string): void {
  const u = directionsLike(xs, `u ${what}`);
  const [y, dy] = jvp(f, xs, u) as [Tensor[], Tensor[]];
  const shapes = xs.map((t) => t.shape);
  const values = (lists: readonly ArrayLike<number>[]): ArrayLike<number>[] =>
    arraysOf(f(...lists.map((list, i) => make(Array.from(list), shapes[i]!, 'float64'))));
  const numeric = differenceQuotient(values, arraysOf(xs), arraysOf(u));
  const scale = scaleOf([...arraysOf(y), ...numeric]);
  expectLists(
    dy,
    numeric.map((data, i) => ({ shape: y[i]!.shape, data })),
    tolerances.difference.float64,
    `${what}: jvp against differences`,
    scale,
  );
  const v = directionsLike(y, `v ${what}`);
  const [, pullback] = vjp(f, ...xs) as [Tensor[], (ct: Tensor[]) => Tensor[]];
  const back = pullback(v);
  back.forEach((t, i) => {
    if (t.type !== xs[i]!.type)
      throw new Error(
        `${what}: the cotangent of argument ${i} is ${t.dtype} [${t.shape.join()}], expected ${xs[i]!.dtype} [${xs[i]!.shape.join()}]`,
      );
  });
  const [left, right, size] = [inner(dy, v), inner(u, back), inner(dy, v, Math.abs) + inner(u, back, Math.abs)];
  expectClose(
    { shape: [], data: [right] },
    { shape: [], data: [left] },
    tolerances.derivative.float64,
    `${what}: ⟨u, Jᵀv⟩ against ⟨Ju, v⟩`,
    Math.max(1, size),
  );
}

function inner(a: readonly Tensor[], b: readonly Tensor[], size: (x: number) => number = (x) => x): number {
  let total = 0;
  a.forEach((t, i) => {
    const [p, q] = [t.dataSync(), b[i]!.dataSync()];
    for (let k = 0; k < p.length; k++) total += size(p[k]! * q[k]!);
  });
  return total;
}

/** First derivatives; where there are none, that they are zero and of the right types. In float32 they are near those in float64. */
export function checkOrder1(sample: Sample): void {
  const { f, xs } = floatingPart(sample);
  if (xs.length === 0) return;
  if (sample.order === 0) {
    checkNoDerivative(f, xs, sample.name);
    return;
  }
  checkDerivatives(f, xs, sample.name);
  if (sample.float32 === false) return;
  const single = floatingPart(sample, 0, 'float32');
  const near = xs.map((_, i) => cast(single.xs[i]!, 'float64'));
  const pull = (g: Listed, at: readonly Tensor[]): Tensor[] => {
    const [y, pullback] = vjp(g, ...at) as [Tensor[], (ct: Tensor[]) => Tensor[]];
    return pullback(y.map((t) => full(t.shape, 1, { dtype: t.dtype })));
  };
  const [rough, fine] = [pull(single.f, single.xs), pull(f, near)];
  rough.forEach((t) => {
    if (t.dtype !== 'float32') throw new Error(`${sample.name}: a cotangent of float32 is ${t.dtype}`);
  });
  expectLists(
    rough,
    fine.map(numbersOf),
    tolerances.derivative.float32,
    `${sample.name}: vjp in float32`,
    scaleOf(arraysOf(fine)),
  );
}

function checkNoDerivative(f: Listed, xs: readonly Tensor[], what: string): void {
  const total = (...args: Tensor[]): Tensor =>
    f(...args).reduce((s, t) => add(s, sum(cast(t, 'float64'))), full([], 0, { dtype: 'float64' }));
  const zeros = xs.map((t): Numbers => ({ shape: t.shape, data: new Float64Array(t.size) }));
  if (f(...xs).length > 0 && !what.startsWith('round') && !what.startsWith('float64 to float32')) {
    const gradients = grad(total, { argnums: xs.map((_, i) => i) })(...xs) as Tensor[];
    expectLists(gradients, zeros, exact, `${what}: gradient`);
  }
}

/** Second derivatives: first derivatives of the pullback (reverse, then both) and of the pushforward (forward, then both). */
export function checkOrder2(sample: Sample): void {
  if (sample.order === 0 || sample.order === 1) return;
  const { f, xs } = floatingPart(sample);
  if (xs.length === 0) return;
  const v = directionsLike(f(...xs), `v2 ${sample.name}`);
  const pulled: Listed = (...args) => (vjp(f, ...args) as [unknown, (ct: Tensor[]) => Tensor[]])[1](v);
  checkDerivatives(pulled, xs, `${sample.name}, of the pullback`);
  const u = directionsLike(xs, `u2 ${sample.name}`);
  const pushed: Listed = (...args) => (jvp(f, args, u) as [unknown, Tensor[]])[1];
  checkDerivatives(pushed, xs, `${sample.name}, of the pushforward`);
}

/** All non-empty lists of places. */
function subsetsOf(count: number): number[][] {
  const subsets = Array.from({ length: 2 ** count - 1 }, (_, k) =>
    Array.from({ length: count }, (_v, i) => i).filter((i) => ((k + 1) >> i) & 1),
  );
  return count > 3 ? subsets.filter((s) => s.length === 1 || s.length === count) : subsets;
}

const BATCH = 3;

/** vmap is the stack of single calls: for each choice of mapped arguments, and nested. */
export function checkVmap(sample: Sample): void {
  const count = sample.arguments.length;
  if (count === 0) return;
  const examples = Array.from({ length: BATCH }, (_, b) => tensorsFor(sample, b));
  const call = (args: readonly Tensor[]): Tensor[] => listOf(sample.run(...args));
  const f: Listed = (...args) => call(args);
  for (const mapped of subsetsOf(count)) {
    const what = `${sample.name}: vmap over argument ${mapped.join()}`;
    const args = examples[0]!.map((t, i) => (mapped.includes(i) ? stack(examples.map((e) => e[i]!)) : t));
    const inAxes = args.map((_, i) => (mapped.includes(i) ? 0 : null));
    const singles = examples.map((e) => call(e.map((t, i) => (mapped.includes(i) ? t : examples[0]![i]!))));
    expectLists(vmap(f, { inAxes })(...args) as Tensor[], stacked(singles), exact, what);
  }
  // Nested, with the outer axis on all arguments and the inner one on the last.
  const last = count - 1;
  const outer = examples[0]!.map((_, i) => {
    if (i !== last) return stack(examples.map((e) => e[i]!));
    return stack(examples.map((_e, b) => stack([examples[b]![i]!, examples[(b + 1) % BATCH]![i]!])));
  });
  const nested = vmap(vmap(f, { inAxes: outer.map((_, i) => (i === last ? 0 : null)) }))(...outer) as Tensor[];
  const singles = examples.map((e, b) => {
    const pair = [b, (b + 1) % BATCH].map((k) => call(e.map((t, i) => (i === last ? examples[k]![i]! : t))));
    return stacked(pair);
  });
  const expected = singles[0]!.map(
    (_, r): Numbers => ({
      shape: [BATCH, ...singles[0]![r]!.shape],
      data: singles.flatMap((s) => Array.from(s[r]!.data)),
    }),
  );
  expectLists(nested, expected, exact, `${sample.name}: nested vmap`);
}

function stacked(singles: readonly (readonly Tensor[])[]): Numbers[] {
  return singles[0]!.map((first, r) => ({
    shape: [singles.length, ...first.shape],
    data: singles.flatMap((s) => Array.from(s[r]!.dataSync())),
  }));
}

/** A number made of the results with fixed weights, so that no two elements count the same. */
function weighted(f: Listed, xs: readonly Tensor[], text: string): (...args: Tensor[]) => Tensor {
  const v = directionsLike(f(...xs), `weights ${text}`);
  return (...args) =>
    f(...args).reduce((total, t, i) => add(total, sum(mul(t, v[i]!))), full([], 0, { dtype: 'float64' }));
}

/** vmap of the gradient is the stack of gradients. */
export function checkVmapOfGrad(sample: Sample): void {
  if (sample.order === 0) return;
  const { f, xs } = floatingPart(sample);
  if (xs.length === 0) return;
  const loss = weighted(f, xs, sample.name);
  const gradient = grad(loss, { argnums: xs.map((_, i) => i) });
  const examples = Array.from({ length: BATCH }, (_, b) => floatingPart(sample, b).xs);
  const batch = xs.map((_, i) => stack(examples.map((e) => e[i]!)));
  const singles = examples.map((e) => gradient(...e) as Tensor[]);
  const scale = scaleOf(singles.flatMap(arraysOf));
  expectLists(
    vmap(gradient)(...batch) as Tensor[],
    stacked(singles),
    tolerances.derivative.float64,
    `${sample.name}: vmap of grad`,
    scale,
  );
}

/** Jitted: the same values; gradients through it, of it traced, and along directions are those of the plain function. */
export function checkJit(sample: Sample): void {
  const args = tensorsFor(sample);
  const f: Listed = (...ts) => listOf(sample.run(...ts));
  expectLists(jit(f)(...args) as Tensor[], f(...args).map(numbersOf), exact, `${sample.name}: jit`);
  const { f: g, xs } = floatingPart(sample);
  if (sample.order === 0 || xs.length === 0) return;
  const loss = weighted(g, xs, sample.name);
  const argnums = xs.map((_, i) => i);
  const plain = (grad(loss, { argnums })(...xs) as Tensor[]).map(numbersOf);
  const scale = scaleOf(plain.map((p) => p.data));
  const near = tolerances.derivative.float64;
  expectLists(grad(jit(loss), { argnums })(...xs) as Tensor[], plain, near, `${sample.name}: grad of jit`, scale);
  expectLists(jit(grad(loss, { argnums }))(...xs) as Tensor[], plain, near, `${sample.name}: jit of grad`, scale);
  const u = directionsLike(xs, `jit ${sample.name}`);
  const forward = jvp(g, xs, u) as [Tensor[], Tensor[]];
  const through = jvp(jit(g), xs, u) as [Tensor[], Tensor[]];
  expectLists(through[1], forward[1].map(numbersOf), near, `${sample.name}: jvp of jit`, scaleOf(arraysOf(forward[1])));
  if (sample.order !== undefined) return;
  const second = (h: typeof loss): Tensor[] => {
    const slopes = (...at: Tensor[]): Tensor[] => grad(h, { argnums })(...at) as Tensor[];
    const along = (jvp(slopes, xs, u) as [unknown, Tensor[]])[1];
    const back = (vjp(slopes, ...xs) as [unknown, (ct: Tensor[]) => Tensor[]])[1](u);
    return [...along, ...back];
  };
  const curved = second(loss);
  expectLists(
    second(jit(loss)),
    curved.map(numbersOf),
    near,
    `${sample.name}: second order of jit`,
    scaleOf(arraysOf(curved)),
  );
}

/** On a device that cannot be read at once: values and gradients are the same numbers. */
export async function checkAsyncReads(sample: Sample): Promise<void> {
  const results = listOf(sample.run(...tensorsFor(sample)));
  const other = withBackend(withoutSyncRead(createCpuBackend()), () => {
    const here = listOf(sample.run(...tensorsFor(sample)));
    const { f, xs } = floatingPart(sample);
    const differentiable = sample.order !== 0 && xs.length > 0;
    const gradients = differentiable
      ? (grad(jit(weighted(f, xs, sample.name)), { argnums: xs.map((_, i) => i) })(...xs) as Tensor[])
      : [];
    return { here, gradients };
  });
  const expected = results.map(numbersOf);
  await Promise.all(
    other.here.map(async (t, i) => {
      expectClose(
        { shape: t.shape, data: await t.data() },
        expected[i]!,
        exact,
        `${sample.name} with asynchronous reads`,
      );
    }),
  );
  if (other.gradients.length === 0) return;
  const { f, xs } = floatingPart(sample);
  const plain = grad(weighted(f, xs, sample.name), { argnums: xs.map((_, i) => i) })(...xs) as Tensor[];
  await Promise.all(
    other.gradients.map(async (t, i) => {
      const what = `${sample.name}: gradient with asynchronous reads`;
      expectClose(
        { shape: t.shape, data: await t.data() },
        numbersOf(plain[i]!),
        tolerances.derivative.float64,
        what,
        scaleOf(arraysOf(plain)),
      );
    }),
  );
}
