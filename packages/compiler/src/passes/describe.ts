/** What a plan comes down to, in words. Must not import passes. */
import type { Plan, ScalarFunction, ScalarStep } from '@jacobi/backend';
import { div, mul, reciprocal, square } from '@jacobi/backend/scalar';

const PRODUCTS: ReadonlySet<ScalarFunction> = /* @__PURE__ */ new Set([mul, div, square, reciprocal]);

/** How many steps of a body are products. */
export const productsOf = (body: readonly ScalarStep[]): number =>
  body.filter((step) => 'fn' in step && PRODUCTS.has(step.fn)).length;

/** One line: how many kernels, or how long the straight line is and how many of its steps are products. */
export function describePlan({ steps }: Plan): string {
  const parts: string[] = [];
  const kernels = steps.filter((kernel) => kernel.kind !== 'straight').length;
  if (kernels > 0) parts.push(`${kernels} kernel${kernels === 1 ? '' : 's'}`);
  for (const kernel of steps) {
    if (kernel.kind !== 'straight') continue;
    const { rows, body } = kernel;
    const count = body.filter((step) => 'fn' in step).length;
    const over = rows === 1 ? '' : ` for each of ${rows} rows`;
    parts.push(`straight-line code of ${count} steps${over}, ${productsOf(body)} of them multiplications`);
  }
  return parts.join(' and ') || 'nothing to compute';
}
