/**
 * The remainder of a division, exactly.
 * The one idea: doublings of the divisor are taken away from the largest down; each difference is exact.
 * Must not import anything but lanes and the assembler.
 */
import type { Expr } from '../assembler/expr.ts';
import { choose, f64, i32 } from '../assembler/expr.ts';
import type { FunctionBuilder, Signature } from '../assembler/function.ts';
import type { Lanes, Num } from './lanes.ts';

export const REMAINDER_SIGNATURE: Signature = { params: ['f64', 'f64'], results: ['f64'] };

/** a − b·trunc(a / b), with the sign of a. */
export function writeRemainder(f: FunctionBuilder): Expr<'f64'> {
  const [a, b] = [f.param(0, 'f64'), f.param(1, 'f64')];
  const [x, y] = [f.let(f64.abs(a)), f.let(f64.abs(b))];
  const finite = i32.and(f64.lt(x, f64.const(Infinity)), f64.gt(y, f64.const(0)));
  f.if(i32.eqz(finite), () => f.return(f64.const(NaN)));
  f.if(f64.eq(y, f64.const(Infinity)), () => f.return(a));
  const t = f.let(y);
  f.while(f64.le(t, f64.sub(x, t)), () => f.set(t, f64.add(t, t)));
  f.while(f64.ge(t, y), () => {
    f.if(f64.ge(x, t), () => f.set(x, f64.sub(x, t)));
    f.set(t, f64.mul(t, f64.const(0.5)));
  });
  return choose(f64.lt(a, f64.const(0)), f64.neg(x), x);
}

/** The remainder with the sign of the divisor. */
export function floorMod(m: Lanes, a: Num, b: Num): Num {
  const callee = m.import('remainder', REMAINDER_SIGNATURE);
  const divisors = m.lanes(b);
  const r = m.ofLanes(m.lanes(a).map((lane, i) => m.f.let(m.f.callFor('f64', callee, lane, divisors[i]!))));
  const zero = m.num(0);
  const turned = m.xor(m.is('lt', r, zero), m.is('lt', b, zero));
  return m.select(m.is('eq', r, zero), m.copySign(zero, b), m.select(turned, m.add(r, b), r));
}
