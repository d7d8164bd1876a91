/*
 * Jacobi's programs, through its public names alone, on the built packages: what worker.ts loads for the competitors
 * jacobi-*. Option `backend`: cpu, wasm, wasm-threads, or default, whatever the umbrella makes.
 */
import { readFileSync } from 'node:fs';
import { createWasmBackend, wasm } from '@jacobi/backend-wasm';
import type { Tensor } from 'jacobi';
import * as j from 'jacobi';
import type { Input } from './inputs/inputs.ts';
import type { DType } from './inputs/workloads.ts';
import type { Call, Idiom, MakeIdiom } from './measure/harness.ts';
import type { Opened } from './measure/programs.ts';
import * as models from './programs/models.ts';

type Typed = Float32Array | Float64Array;
type Idioms = Readonly<Record<string, MakeIdiom>>;

/** An input as tensors of one dtype. */
class Data {
  readonly dtype: DType;
  readonly #input: Input;
  constructor(input: Input, dtype: DType) {
    this.#input = input;
    this.dtype = dtype;
  }
  number(name: string): number {
    return this.#input.numbers[name]!;
  }
  typed(size: number): Typed {
    return this.dtype === 'float64' ? new Float64Array(size) : new Float32Array(size);
  }
  tensor(name: string, shape?: readonly number[]): Tensor {
    const { data, shape: own } = this.#input.arrays[name]!;
    return j.tensor(this.dtype === 'float64' ? data : Float32Array.from(data), { shape: shape ?? own });
  }
  tensors(...names: string[]): Tensor[] {
    return names.map((name) => this.tensor(name));
  }
}

/** All tensors of a nest, read. */
function read(nest: unknown): Typed[] {
  if (nest instanceof j.Tensor) return [nest.dataSync() as Typed];
  return Object.values(nest as Record<string, unknown>).flatMap(read);
}
const idiom = (evaluate: () => unknown): Idiom => ({ call: () => read(evaluate()) });

/** `J.into(x, out)`: the call for a control loop. */
function into(J: j.PreparedJacobian, x: unknown, out: Typed): Idiom {
  const result = [out];
  return {
    call: () => {
      J.into(x, out);
      return result;
    },
  };
}

/** Recorded on a tape each time. */
const taped = (x: Tensor, f: (x: Tensor) => Tensor, kind: 'jacobian' | 'batchJacobian'): Idiom =>
  idiom(() => {
    const tape = new j.GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return f(x);
    });
    return kind === 'jacobian' ? tape.jacobian(y, x) : tape.batchJacobian(y, x);
  });

const WEIGHTS = ['W1', 'b1', 'W2', 'b2', 'W3', 'b3'];

/** f by x: prepared, with f called on shapes. */
const prepared = (d: Data, x: Tensor, f: (x: Tensor) => Tensor, options: j.PrepareOptions = {}): Idiom => {
  const J = j.prepareJacobian(f, { shape: [...x.shape], dtype: d.dtype }, options);
  return idiom(() => J(x));
};

const hessian = (x: Tensor, f: (x: Tensor) => Tensor): Idiom => {
  const H = j.jit(j.hessian(f));
  return idiom(() => H(x));
};

/** vmap of the Jacobian of one example, compiled. */
const mapped = (f: (...xs: Tensor[]) => Tensor, ...xs: Tensor[]): Idiom => {
  const J = j.jit(j.vmap(j.jacobian(f)));
  return idiom(() => J(...xs));
};

const seeds: Record<string, (d: Data) => Idioms> = {
  seed1: (d) => {
    const x = d.tensor('x', []);
    return { prepared: () => prepared(d, x, models.twoOfOne), tape: () => taped(x, models.twoOfOne, 'jacobian') };
  },
  seed2: (d) => {
    const x = d.tensor('x');
    return { prepared: () => prepared(d, x, models.parabola), tape: () => taped(x, models.parabola, 'jacobian') };
  },
  seed3: (d) => ({
    prepared: () => prepared(d, d.tensor('x'), normalised(d), { batch: true }),
  }),
  seed3_tape: (d) => ({ tape: () => taped(d.tensor('x'), normalised(d), 'batchJacobian') }),
};
const normalised = (d: Data): ((x: Tensor) => Tensor) =>
  models.normalised(d.tensors('W1', 'b1', 'W2', 'b2'), d.number('eps'));

const networks: Record<string, (d: Data) => Idioms> = {
  mlp_batch: (d) => {
    const x = d.tensor('x');
    const f = (x: Tensor): Tensor => models.mlp(x, d.tensors(...WEIGHTS));
    return {
      prepared: () => prepared(d, x, f, { batch: true }),
      vmap: () => mapped(f, x),
    };
  },
  mlp_params: (d) => {
    const p = d.tensors(...WEIGHTS);
    const x = d.tensor('x', d.number('n') === 1 ? [128] : undefined);
    const f = (...q: Tensor[]): Tensor => models.mlp(x, q);
    const specs = p.map((t) => ({ shape: [...t.shape], dtype: d.dtype }));
    const argnums = p.map((_, i) => i);
    const size = p.reduce((n, t) => n + t.size, 0) * 10 * d.number('n');
    return {
      prepared: () => {
        const J = j.prepareJacobian(f, specs, { argnums });
        return idiom(() => J(...p));
      },
      into: () => {
        const J = j.prepareJacobian(f, specs, { argnums });
        const out = d.typed(size);
        const result = [out];
        return {
          call: () => {
            J.into(...p, out);
            return result;
          },
        };
      },
    };
  },
};

const geometry: Record<string, (d: Data) => Idioms> = {
  arm: (d) => {
    const f = models.arm(d.tensors('K0', 'K1', 'K2', 'F'));
    if (d.number('n') > 1) {
      const each = j.vmap(f);
      return {
        prepared: () => prepared(d, d.tensor('q'), each, { batch: true }),
        vmap: () => mapped(f, d.tensor('q')),
      };
    }
    const q = d.tensor('q', [7]);
    return {
      into: () => into(j.prepareJacobian(f, { shape: [7], dtype: d.dtype }), q.dataSync().slice(), d.typed(84)),
    };
  },
  ba: (d) => ({ vmap: () => mapped(models.residual, d.tensor('P'), d.tensor('features')) }),
};

const equations: Record<string, (d: Data) => Idioms> = {
  burgers: (d) => ({ prepared: () => prepared(d, d.tensor('u'), models.burgers(d.number('c1'), d.number('c2'))) }),
  burgers_sparse: (d) => {
    const f = models.burgers(d.number('c1'), d.number('c2'));
    return { 'three seeds': () => threeSeeds(d, f) };
  },
  rosen: (d) => ({ hessian: () => hessian(d.tensor('x'), models.rosenbrock(d.number('n'))) }),
};

/** Jᵀ's columns of three colours, all at once; variable i has colour i mod 3. */
function threeSeeds(d: Data, f: (u: Tensor) => Tensor): Idiom {
  const n = d.number('n');
  const ones = d.typed(3 * n);
  for (let i = 0; i < n; i++) ones[(i % 3) * n + i] = 1;
  const [u, V] = [d.tensor('u'), j.tensor(ones, { shape: [3, n] })];
  const products = (u: Tensor, V: Tensor): Tensor => j.vmap((v) => j.jvp(f, [u], [v])[1])(V);
  const g = j.jit(products);
  return { ...idiom(() => g(u, V)), inOrder: ([compressed]) => [models.bandsOf(compressed!, n)] };
}

const statistics: Record<string, (d: Data) => Idioms> = {
  logreg: (d) => ({
    hessian: () => hessian(d.tensor('w'), models.logistic(d.tensor('X'), d.tensor('y'), d.number('lambda'))),
  }),
  gmm: (d) => {
    const f = models.mixture(d.tensor('x'), d.tensor('S'), d.number('d'));
    const p = d.tensors('alphas', 'means', 'icf') as [Tensor, Tensor, Tensor];
    return {
      grad: () => {
        const g = j.jit(j.grad(f, { argnums: [0, 1, 2] }));
        return idiom(() => g(...p));
      },
    };
  },
};

const operations: Record<string, (d: Data) => Idioms> = {
  matmul: (d) => {
    const [A, B] = d.tensors('A', 'B');
    return { eager: () => idiom(() => j.matmul(A!, B!)) };
  },
  exp: (d) => ({ eager: () => operation(d, j.exp) }),
  tanh: (d) => ({ eager: () => operation(d, j.tanh) }),
  dispatch: (d) => {
    const [a, b] = d.tensors('a', 'b');
    const call: Call = () => {
      let sum = a!;
      for (let i = 0; i < d.number('n'); i++) sum = j.add(sum, b!);
      return [sum.dataSync()];
    };
    return { eager: () => ({ call }) };
  },
};
function operation(d: Data, f: (x: Tensor) => Tensor): Idiom {
  const x = d.tensor('x');
  return idiom(() => f(x));
}

const ALL = { ...seeds, ...networks, ...geometry, ...equations, ...statistics, ...operations };

/** The backend asked for; undefined where it is the umbrella's own. */
async function backend(name: string): Promise<j.Backend | undefined> {
  switch (name) {
    case 'cpu':
      return j.cpu();
    case 'wasm':
      return createWasmBackend();
    case 'wasm-unfused':
      return createWasmBackend({ fused: false });
    case 'wasm-threads': {
      const threaded = await wasm({ threads: true });
      if (threaded.traits.threads < 2) throw new Error('the backend offers no threads');
      return threaded;
    }
    default:
      return undefined;
  }
}

export async function open(options: Readonly<Record<string, string>>): Promise<Opened> {
  const chosen = await backend(options['backend'] ?? 'default');
  if (chosen) j.setDefaultBackend(chosen);
  const dtype = options['dtype'] === 'float64' ? 'float64' : 'float32';
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return { version, dtype, idioms: (program, input) => ALL[program]?.(new Data(input, dtype)) ?? {} };
}
