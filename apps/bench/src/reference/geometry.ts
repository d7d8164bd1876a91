/* References of the robot arm and of bundle adjustment, by dual numbers. */
import type { Input } from '../inputs/inputs.ts';
import { type Dual, dual } from './duals.ts';
import { data } from './matrices.ts';

const { add, sub, mul, div, scale, shift, sin, cos, sqrt } = dual;

/** Position, then rotation by rows: [n, 12, 7]. */
export function arm(input: Input): Float64Array {
  const out: number[] = [];
  for (let at = 0; at < data(input, 'q').length; at += 7) {
    let pose: Dual[] | undefined;
    for (let i = 0; i < 7; i++) {
      const q = dual.variable(data(input, 'q')[at + i]!, i, 7);
      const entry = (name: string, e: number): number => data(input, name)[i * 16 + e]!;
      const joint = Array.from({ length: 16 }, (_, e) =>
        shift(add(scale(cos(q), entry('K1', e)), scale(sin(q), entry('K2', e))), entry('K0', e)),
      );
      pose = pose ? times(pose, joint) : joint;
    }
    const end = times(
      pose!,
      Array.from(data(input, 'F'), (v) => dual.constant(v, 7)),
    );
    for (const e of [3, 7, 11, 0, 1, 2, 4, 5, 6, 8, 9, 10]) out.push(...end[e]!.slopes);
  }
  return Float64Array.from(out);
}

/** The product of two 4×4 matrices. */
function times(a: readonly Dual[], b: readonly Dual[]): Dual[] {
  return Array.from({ length: 16 }, (_, e) =>
    [0, 1, 2, 3].map((k) => mul(a[(e >> 2) * 4 + k]!, b[k * 4 + (e & 3)]!)).reduce(add),
  );
}

/** The Jacobian's rows of outputs that are dual numbers. */
const rows = (outputs: readonly Dual[]): number[] => outputs.flatMap(({ slopes }) => [...slopes]);

/** One observation: rotate by Rodrigues, project, distort; the two residuals by 15 parameters. */
function residual(row: Float64Array, feature: Float64Array): Dual[] {
  const v = Array.from(row, (value, i) => dual.variable(value, i, 15));
  const three = (at: number): [Dual, Dual, Dual] => [v[at]!, v[at + 1]!, v[at + 2]!];
  const dot = (a: Dual[], b: Dual[]): Dual => a.map((ai, i) => mul(ai, b[i]!)).reduce(add);
  const r = three(0);
  const angle = sqrt(dot(r, r));
  const axis = r.map((c) => div(c, angle));
  const point = three(11).map((c, i) => sub(c, three(3)[i]!));
  const cross = [0, 1, 2].map((i) => {
    const [j, k] = [(i + 1) % 3, (i + 2) % 3];
    return sub(mul(axis[j]!, point[k]!), mul(axis[k]!, point[j]!));
  });
  const along = mul(dot(axis, point), shift(scale(cos(angle), -1), 1));
  const turned = point.map((p, i) =>
    add(add(mul(p, cos(angle)), mul(cross[i]!, sin(angle))), mul(axis[i]!, along)),
  ) as [Dual, Dual, Dual];
  const image = [div(turned[0], turned[2]), div(turned[1], turned[2])];
  const rr = dot(image, image);
  const distortion = shift(add(mul(v[9]!, rr), mul(v[10]!, mul(rr, rr))), 1);
  return image.map((c, i) => mul(v[14]!, shift(add(mul(mul(c, distortion), v[6]!), v[7 + i]!), -feature[i]!)));
}

/** [n, 2, 15]. */
export function bundle(input: Input): Float64Array {
  const out = new Float64Array(input.numbers['n']! * 30);
  for (let i = 0; i < input.numbers['n']!; i++) {
    const outputs = residual(
      data(input, 'P').subarray(i * 15, i * 15 + 15),
      data(input, 'features').subarray(i * 2, i * 2 + 2),
    );
    out.set(rows(outputs), i * 30);
  }
  return out;
}
