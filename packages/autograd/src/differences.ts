/**
 * Difference quotients: derivatives by nothing but values, to compare rules with. In float64 numbers.
 * Must not import derivatives.
 */

/** Lists of numbers: the elements of several arrays. */
export type Lists = readonly ArrayLike<number>[];

/**
 * The derivative of f at x along a direction: central differences of two step sizes, extrapolated (Richardson, 1911), so that
 * the error is of fourth order in the step. What does not move, be it infinite, has derivative 0.
 */
export function differenceQuotient(
  f: (x: Float64Array[]) => Lists,
  x: Lists,
  direction: Lists,
  step = 2e-3,
): Float64Array[] {
  const moved = (t: number): Lists =>
    f(x.map((values, i) => Float64Array.from(values, (v, k) => v + t * direction[i]![k]!)));
  const central = (h: number): Float64Array[] => {
    const [ahead, behind] = [moved(h), moved(-h)];
    return ahead.map((a, i) =>
      Float64Array.from(a, (v, k) => (v === behind[i]![k]! ? 0 : (v - behind[i]![k]!) / (2 * h))),
    );
  };
  const [coarse, fine] = [central(step), central(step / 2)];
  return fine.map((values, i) => values.map((v, k) => (4 * v - coarse[i]![k]!) / 3));
}
