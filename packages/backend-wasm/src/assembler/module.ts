/**
 * A module put together: types, imports, functions, exports.
 * The one idea: functions get their numbers last, when all imports are known. One memory, always imported.
 * Must not import anything but the encoding and functions.
 */
import type { Code } from './bytes.ts';
import { Bytes, text, unsigned, vector } from './bytes.ts';
import type { Expr, ValueType } from './expr.ts';
import { expr } from './expr.ts';
import type { Callee, Signature } from './function.ts';
import { FunctionBuilder, typeCode } from './function.ts';

interface Import {
  readonly name: string;
  readonly callee: { index: number } & Signature;
}

/** The first global, which is all that there is. */
const BASE = /* @__PURE__ */ expr('i32', [0x23, 0]);

/**
 * A WebAssembly module in the making. Imports come from the module name `e`, the memory as `e.m`; if threads share it, each
 * says as `e.t` where its scratch memory begins.
 */
export class ModuleBuilder {
  readonly #shared: boolean;
  readonly #imports: Import[] = [];
  readonly #functions: FunctionBuilder[] = [];
  readonly #named = new Map<string, FunctionBuilder>();
  readonly #exports: [string, FunctionBuilder][] = [];

  constructor(shared = false) {
    this.#shared = shared;
  }

  /** A function from outside; asked for twice, it is imported once. */
  import(name: string, signature: Signature): Callee {
    const known = this.#imports.find((each) => each.name === name);
    if (known) return known.callee;
    const callee = { index: -1, ...signature };
    this.#imports.push({ name, callee });
    return callee;
  }

  /** A function: `write` gets its builder, and may return the result. */
  function(signature: Signature, write: (f: FunctionBuilder) => Expr | void): FunctionBuilder {
    const f = new FunctionBuilder(signature, this.#shared ? BASE : undefined);
    this.#functions.push(f);
    const result = write(f);
    if (result) f.do(result.code);
    return f;
  }

  /** A function that is written when it is first asked for by this name. */
  named(name: string, signature: Signature, write: (f: FunctionBuilder) => Expr | void): FunctionBuilder {
    const known = this.#named.get(name);
    if (known) return known;
    const f = this.function(signature, write);
    this.#named.set(name, f);
    return f;
  }

  export(name: string, f: FunctionBuilder): void {
    this.#exports.push([name, f]);
  }

  /** The module's bytes. */
  encode(): Uint8Array<ArrayBuffer> {
    const callees: Callee[] = [...this.#imports.map((each) => each.callee), ...this.#functions];
    callees.forEach((callee, i) => ((callee as { index: number }).index = i));
    const types = new Types();
    const imports = this.#encodeImports(types);
    const functions = this.#functions.map((f) => unsigned(types.of(f)));
    const exports = this.#exports.map(([name, f]): Code => [text(name), 0, unsigned(f.index)]);
    const bodies = this.#functions.map((f) => f.encode());
    const all = new Bytes();
    const section = (id: number, contents: Bytes): void => {
      all.add([id]);
      all.joinSized(contents);
    };
    all.add([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    for (const [id, items] of [
      [1, types.encode()],
      [2, imports],
      [3, functions],
      [7, exports],
    ] as const) {
      const contents = new Bytes();
      contents.add(vector(items));
      section(id, contents);
    }
    const code = new Bytes(65536);
    code.add(unsigned(bodies.length));
    for (const body of bodies) code.joinSized(body);
    section(10, code);
    return all.finish();
  }

  #encodeImports(types: Types): Code[] {
    const memory: Code = [text('e'), text('m'), 2, this.#shared ? [3, 0, unsigned(65536)] : [0, 0]];
    return [
      ...this.#imports.map(({ name, callee }): Code => [text('e'), text(name), 0, unsigned(types.of(callee))]),
      // Shared memory needs a maximum: any that an engine may have been given is below this one.
      memory,
      ...(this.#shared ? [[text('e'), text('t'), 3, 0x7f, 0]] : []),
    ];
  }
}

/** The types of a module's functions, each once, in the order in which they are asked for. */
class Types {
  readonly #signatures = new Map<string, { readonly number: number; readonly signature: Signature }>();

  of(signature: Signature): number {
    const key = `${signature.params.join()}>${signature.results.join()}`;
    const known = this.#signatures.get(key);
    if (known) return known.number;
    const number = this.#signatures.size;
    this.#signatures.set(key, { number, signature });
    return number;
  }

  encode(): Code[] {
    const list = (types: readonly ValueType[]): Code => vector(types.map((t) => [typeCode(t)]));
    return [...this.#signatures.values()].map(
      ({ signature: { params, results } }): Code => [0x60, list(params), list(results)],
    );
  }
}
