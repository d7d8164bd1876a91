/** Two backends as one, for tests that they give the same bits. */
import type { Backend, Executable, TypedArray } from '@jacobi/backend';

/** Runs everything on both, over the same typed arrays; throws where a result differs in a bit. The results are those of `one`. */
export function tandem(one: Backend, other: Backend): Backend {
  const others = new WeakMap<Executable, Executable>();
  return {
    ...one,
    compile(plan): Executable {
      const executable = one.compile(plan);
      others.set(executable, other.compile(plan));
      return executable;
    },
    run(executable, inputs, outputs): void {
      const arrays = outputs as readonly TypedArray[];
      const before = arrays.map((array) => array.slice());
      other.run(others.get(executable)!, inputs, outputs);
      const expected = arrays.map((array) => array.slice());
      arrays.forEach((array, i) => array.set(before[i]!));
      one.run(executable, inputs, outputs);
      arrays.forEach((array, i) => expectSameBits(array, expected[i]!, `output ${i}`));
    },
  };
}

/** Throws at the first element that differs; 0 and −0 do. */
export function expectSameBits(a: TypedArray, b: TypedArray, what = ''): void {
  const at = a.findIndex((value, i) => !Object.is(value, b[i]));
  if (at >= 0) throw new Error(`${what}[${at}]: ${a[at]} and ${b[at]}`);
}
