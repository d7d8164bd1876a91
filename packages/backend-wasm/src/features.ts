/**
 * What the engine's WebAssembly has. The one idea: ask it to validate a function that uses the thing.
 * Must not import anything but the assembler and the engine's interface.
 */
import type { Expr } from './assembler/expr.ts';
import { ModuleBuilder } from './assembler/module.ts';
import { f32x4 } from './assembler/simd.ts';
import { api } from './wasm-api.ts';

export interface Features {
  /** Vectors of 128 bits. */
  readonly simd: boolean;
  /** Fused multiply-add on them. */
  readonly relaxed: boolean;
}

let known: Features | undefined;

/** Undefined where there is no WebAssembly at all. */
export function detect(): Features | undefined {
  if (!api) return undefined;
  if (known) return known;
  const zero = f32x4.const(0);
  try {
    const valid = (value: Expr<'v128'>): boolean => {
      const module = new ModuleBuilder();
      module.function({ params: [], results: ['v128'] }, () => value);
      return api!.validate(module.encode());
    };
    // A content security policy shows itself only when something is compiled.
    const allowed = new api.Module(new ModuleBuilder().encode());
    known = allowed && { simd: valid(f32x4.add(zero, zero)), relaxed: valid(f32x4.madd(zero, zero, zero)) };
    return known;
  } catch {
    return undefined;
  }
}

/** True if threads can share a memory. */
export function canShare(): boolean {
  try {
    const { buffer } = new api!.Memory({ initial: 0, maximum: 1, shared: true });
    return buffer instanceof SharedArrayBuffer && api!.validate(new ModuleBuilder(true).encode());
  } catch {
    return false;
  }
}
