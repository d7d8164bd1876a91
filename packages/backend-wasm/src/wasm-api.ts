/**
 * The part of the WebAssembly JavaScript interface that this package uses. Declared here, because libraries are compiled
 * without the types of any runtime. Must not import anything.
 */

export interface Memory {
  /** A SharedArrayBuffer where threads share the memory: views on either are used alike. */
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** A compiled module. Opaque. */
export interface Module {
  readonly brand?: 'module';
}

/** An exported function. */
export type NativeFunction = (...args: readonly number[]) => number;

interface Api {
  readonly Memory: new (descriptor: { initial: number; maximum?: number; shared?: boolean }) => Memory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => Module;
  readonly Instance: new (
    module: Module,
    imports: { e: Record<string, Memory | NativeFunction | number> },
  ) => { readonly exports: Record<string, NativeFunction> };
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

/** The runtime's WebAssembly; undefined where there is none. */
export const api: Api | undefined = (globalThis as unknown as { WebAssembly?: Api }).WebAssembly;
