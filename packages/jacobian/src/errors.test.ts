/** Bad input to every public function: the message says operation, argument, what was given and what to do; all goes on after it. */
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { GradientTape, hessian, jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });
const x = f64([1, 2]);
const m = f64([
  [1, 2],
  [3, 4],
]);
const ints = ops.tensor([1, 2], { dtype: 'int32' });
// biome-ignore lint/suspicious/noExplicitAny: what is given here is wrong on purpose.
const wrong = (value: unknown): any => value;

const tape = new GradientTape({ persistent: true });
const [y, z, s] = tape.record(() => {
  tape.watch([x, m]);
  return [ops.square(x), ops.mul(m, ops.sum(m, 0)), ops.sum(x)] as const;
});

interface Bad {
  readonly name: string;
  readonly run: () => unknown;
  readonly kind: string;
  readonly says: readonly string[];
}

const badOptions: readonly (readonly [name: string, options: unknown, ...says: string[]])[] = [
  ['null', null, 'options must be an object { mode, chunkSize, memoryBudget', 'not null'],
  ['an array', [], 'options must be an object'],
  ['text', 'reverse', 'options must be an object', 'not "reverse"'],
  ['chunksize', { chunksize: 2 }, 'there is no option "chunksize", only mode, chunkSize, memoryBudget'],
  ['chunk 0', { chunkSize: 0 }, 'chunkSize should be greater than 0', 'not 0'],
  ['chunk −2', { chunkSize: -2 }, 'chunkSize should be greater than 0', 'not -2'],
  ['chunk 0.5', { chunkSize: 0.5 }, 'chunkSize should be greater than 0 and whole, not 0.5'],
  ['chunk NaN', { chunkSize: Number.NaN }, 'chunkSize should be greater than 0', 'NaN'],
  ['chunk text', { chunkSize: '2' }, 'chunkSize should be greater than 0', 'not "2"'],
  ['budget −1', { memoryBudget: -1 }, 'memoryBudget should be greater than 0', 'not -1'],
  ['budget 0', { memoryBudget: 0 }, 'memoryBudget should be greater than 0'],
  ['mode', { mode: 'sideways' }, "mode must be 'auto', 'forward' or 'reverse', not \"sideways\""],
  ['mode null', { mode: null }, "mode must be 'auto', 'forward' or 'reverse', not null"],
];
const transforms = { jacobian, jacfwd, jacrev, hessian } as const;

const bad: readonly Bad[] = [
  ...badOptions.flatMap(([name, options, ...says]): Bad[] => [
    {
      name: `tape.jacobian, options: ${name}`,
      run: () => tape.jacobian(y, x, wrong(options)),
      kind: 'ArgumentError',
      says: ['jacobian: ', ...says],
    },
    {
      name: `tape.batchJacobian, options: ${name}`,
      run: () => tape.batchJacobian(z, m, wrong(options)),
      kind: 'ArgumentError',
      says: ['batchJacobian: ', ...says],
    },
    {
      name: `tape.explain, options: ${name}`,
      run: () => tape.explain(y, x, wrong(options)),
      kind: 'ArgumentError',
      says: ['explain: ', ...says],
    },
    ...Object.entries(transforms).flatMap(([operation, transform]): Bad[] =>
      name.startsWith('mode') && operation.startsWith('jac') && operation !== 'jacobian'
        ? []
        : [
            {
              name: `${operation}, options: ${name}`,
              run: () => transform(ops.sin, wrong(options)),
              kind: 'ArgumentError',
              says: [`${operation}: `, ...says],
            },
          ],
    ),
  ]),
  ...Object.entries(transforms).flatMap(([operation, transform]): Bad[] => [
    {
      name: `${operation} of no function`,
      run: () => transform(wrong(x)),
      kind: 'ArgumentError',
      says: [`${operation}: f must be a function, not`],
    },
    {
      name: `${operation}, sparse`,
      run: () => transform(ops.sin, wrong({ sparse: true })),
      kind: 'ArgumentError',
      says: [`${operation}: sparse Jacobians are not there yet`, 'not true', 'leave it out'],
    },
    {
      name: `${operation}, hasAux`,
      run: () => transform(ops.sin, wrong({ hasAux: 'yes' })),
      kind: 'ArgumentError',
      says: [`${operation}: hasAux must be true or false, not "yes"`],
    },
    {
      name: `${operation}, hasAux without a pair`,
      run: () => transform(ops.sin, { hasAux: true })(x),
      kind: 'ArgumentError',
      says: ['with hasAux, f must return a two-element tuple [value, aux]'],
    },
    {
      name: `${operation} of an integer`,
      run: () => transform(ops.square)(ints),
      kind: 'DTypeError',
      says: [`${operation}: argument 0 has dtype int32, and integers carry no derivative; cast it first`],
    },
    {
      name: `${operation} of a nest with an integer`,
      run: () => transform(({ a }: { a: Tensor }) => a)(wrong({ a: x, n: [ints] })),
      kind: 'DTypeError',
      says: ['argument 0.n[0] has dtype int32'],
    },
    {
      name: `${operation} of a bool`,
      run: () => transform((t: Tensor) => ops.where(t, 1, 0))(ops.tensor(true)),
      kind: 'DTypeError',
      says: ['argument 0 has dtype bool'],
    },
    {
      name: `${operation} of text`,
      run: () => transform(ops.sin)(wrong('x')),
      kind: 'ArgumentError',
      says: [`${operation}: argument 0 must be a nest of tensors or numbers (plain objects and arrays), not "x"`],
    },
    {
      name: `${operation} of a Map in a nest`,
      run: () => transform(ops.sin)(wrong({ a: [new Map()] })),
      kind: 'ArgumentError',
      says: ['argument 0.a[0] must be a nest of tensors or numbers', 'not a Map'],
    },
    {
      name: `${operation} of no argument`,
      run: () => transform(() => x)(),
      kind: 'ArgumentError',
      says: ['argnums', 'f was called with 0 arguments'],
    },
    ...(
      [
        [1, 'argnums 1 names no argument: f was called with 1 argument'],
        [-2, 'argnums -2'],
        [0.5, 'argnums 0.5'],
        [[], 'argnums must be a whole number or a non-empty array'],
        [[0, 0], 'argnums must be unique'],
        [[0, -1], 'argnums must be unique'],
        ['0', 'argnums must be'],
      ] as const
    ).map(
      ([argnums, says]): Bad => ({
        name: `${operation}, argnums ${JSON.stringify(argnums)}`,
        run: () => transform(ops.sin, { argnums: wrong(argnums) })(x),
        kind: 'ArgumentError',
        says: [says],
      }),
    ),
    {
      name: `${operation}, nothing returned`,
      run: () => transform(() => undefined)(x),
      kind: 'ArgumentError',
      says: ['Cannot differentiate a function that returns undefined; did you forget to return a value from f?'],
    },
    {
      name: `${operation}, null returned`,
      run: () => transform(() => null)(x),
      kind: 'ArgumentError',
      says: ['returns null'],
    },
    {
      name: `${operation}, an empty nest returned`,
      run: () => transform(() => [])(x),
      kind: 'ArgumentError',
      says: ['Expected f to be a function that has non-empty output'],
    },
    {
      name: `${operation}, text returned`,
      run: () => transform(() => ({ a: 'text' }))(x),
      kind: 'ArgumentError',
      says: ['the result of f.a must be a nest of tensors', 'not "text"'],
    },
    {
      name: `${operation}, a promise returned`,
      run: () => transform(wrong(async (t: Tensor) => t))(x),
      kind: 'ArgumentError',
      says: [operation, 'Promise'],
    },
    {
      name: `${operation}, an error inside`,
      run: () =>
        transform(() => {
          throw new RangeError('mine');
        })(x),
      kind: 'RangeError',
      says: ['mine'],
    },
    {
      name: `${operation}, wrong shapes inside`,
      run: () => transform((t: Tensor) => ops.add(t, f64([1, 2, 3])))(x),
      kind: 'ShapeError',
      says: ['add', '[2]', '[3]'],
    },
  ]),
  {
    name: 'jacfwd with a mode',
    run: () => jacfwd(ops.sin, wrong({ mode: 'reverse' })),
    kind: 'ArgumentError',
    says: ['jacfwd: takes no mode', 'use jacobian to choose one'],
  },
  {
    name: 'jacrev with a mode',
    run: () => jacrev(ops.sin, wrong({ mode: 'reverse' })),
    kind: 'ArgumentError',
    says: ['jacrev: takes no mode'],
  },
  ...(['jacobian', 'batchJacobian', 'explain'] as const).flatMap((operation): Bad[] => {
    const call = (target: unknown, source: unknown, options?: unknown): unknown =>
      wrong(tape)[operation](target, source, options);
    return [
      {
        name: `tape.${operation}, a nest of targets`,
        run: () => call([y, z], x),
        kind: 'ArgumentError',
        says: [`${operation}: target must be ONE tensor`, `call ${operation} for each`],
      },
      {
        name: `tape.${operation}, a number for a target`,
        run: () => call(3, x),
        kind: 'ArgumentError',
        says: ['target must be ONE tensor, not 3'],
      },
      {
        name: `tape.${operation}, no target`,
        run: () => call(undefined, x),
        kind: 'ArgumentError',
        says: ['target must be ONE tensor, not undefined'],
      },
      {
        name: `tape.${operation}, a number for a source`,
        run: () => call(y, 3),
        kind: 'ArgumentError',
        says: [operation, 'source'],
      },
      {
        name: `tape.${operation}, no source`,
        run: () => call(y, undefined),
        kind: 'ArgumentError',
        says: [operation, 'source'],
      },
      {
        name: `tape.${operation}, unconnected`,
        run: () =>
          call(operation === 'batchJacobian' ? z : y, operation === 'batchJacobian' ? m : x, {
            unconnected: 'nonsense',
          }),
        kind: 'ArgumentError',
        says:
          operation === 'explain'
            ? ['no option "unconnected"']
            : ["Unknown value for unconnected_gradients: 'nonsense'", "'error', 'none' or 'zero'"],
      },
    ];
  }),
  {
    name: 'tape.jacobian, a leaf that is no source',
    run: () => tape.jacobian(y, wrong({ a: [x, 'x'] })),
    kind: 'ArgumentError',
    says: ['jacobian: sources.a[1] must be a nest of tensors or variables', 'not "x"'],
  },
  {
    name: 'tape.jacobian, not watched',
    run: () => tape.jacobian(y, f64([1, 2])),
    kind: 'UnconnectedError',
    says: ['jacobian: source was not watched: call tape.watch', "'none' gives null, 'zero' zeros"],
  },
  {
    name: 'tape.jacobian, one of several not connected',
    run: () => tape.jacobian(y, { a: x, b: m }),
    kind: 'UnconnectedError',
    says: ['.b', 'does not depend on'],
  },
  {
    name: 'batchJacobian, sizes',
    run: () =>
      tape.batchJacobian(
        f64([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        m,
      ),
    kind: 'ShapeError',
    says: ['Need first dimension of target shape (float64[3,2]) and source shape (float64[2,2]) to match'],
  },
  {
    name: 'batchJacobian, target of rank 1',
    run: () => tape.batchJacobian(y, m),
    kind: 'ShapeError',
    says: ['batchJacobian: target must have rank at least 2 ([batch, …]), not float64[2]'],
  },
  {
    name: 'batchJacobian, target of rank 0',
    run: () => tape.batchJacobian(s, m),
    kind: 'ShapeError',
    says: ['target must have rank at least 2', 'float64[]'],
  },
  {
    name: 'batchJacobian, source of rank 1',
    run: () => tape.batchJacobian(z, x),
    kind: 'ShapeError',
    says: ['batchJacobian: source must have rank at least 2 ([batch, …]), not float64[2]'],
  },
  {
    name: 'batchJacobian, a nest of sources',
    run: () => tape.batchJacobian(z, wrong([m])),
    kind: 'ArgumentError',
    says: ['source must be a single tensor or variable, not'],
  },
  {
    name: 'batchJacobian, check',
    run: () => tape.batchJacobian(z, m, wrong({ check: 'yes' })),
    kind: 'ArgumentError',
    says: ['batchJacobian: check must be true or false, not "yes"'],
  },
  {
    name: 'batchJacobian, mixed, check',
    run: () => tape.batchJacobian(z, m, { check: true }),
    kind: 'MixedRowsError',
    says: ['batchJacobian: check needs independent examples', "sum over all b' of ∂y[b']/∂x[b]"],
  },
  {
    name: 'explain, batch',
    run: () => tape.explain(z, m, wrong({ batch: 1 })),
    kind: 'ArgumentError',
    says: ['explain: batch must be true or false'],
  },
  {
    name: 'explain, batch of rank 1',
    run: () => tape.explain(y, x, { batch: true }),
    kind: 'ShapeError',
    says: ['rank at least 2'],
  },
  ...(
    [
      ['a size for a shape', { shape: 3 }, 'spec.shape must be an array of whole numbers ≥ 0, not 3'],
      ['text in a shape', { shape: ['3'] }, 'spec.shape must be an array of whole numbers ≥ 0, not ["3"]'],
      ['an unknown name', { shape: [3], dtyp: 'float64' }, 'spec: there is no option "dtyp", only shape, dtype'],
      ['an unknown name inside', [{ a: { shape: [3], d: 1 } }, x], 'spec[0].a: there is no option "d"'],
      ['an empty object', {}, 'spec must describe at least one tensor: { shape, dtype? }'],
      ['an empty array', [], 'spec must describe at least one argument'],
      [
        'a hole',
        Object.assign([], { 1: x }),
        'spec[0] must be a nest of { shape, dtype? } or example tensors',
        'not undefined',
      ],
      ['null', null, 'spec must be a nest of { shape, dtype? } or example tensors', 'not null'],
      ['null for a shape', { shape: null }, 'spec.shape must be a nest of', 'not null'],
    ] as const
  ).map(
    ([name, spec, ...says]): Bad => ({
      name: `prepareJacobian, ${name}`,
      run: () => prepareJacobian(ops.sin, spec),
      kind: 'ArgumentError',
      says: ['prepareJacobian: ', ...says],
    }),
  ),
  ...[{ shape: [2] }, x].map(
    (second, i): Bad => ({
      name: `prepareJacobian, a second spec in place of options (${i})`,
      run: () => prepareJacobian(ops.mul, { shape: [2] }, wrong(second)),
      kind: 'ArgumentError',
      says: ['prepareJacobian: options is a spec; write the specs of several arguments as one array, [spec, spec]'],
    }),
  ),
  ...Object.entries(transforms).map(
    ([operation, transform]): Bad => ({
      name: `${operation} of a typed array`,
      run: () => transform(ops.sin)(wrong(Float64Array.of(1, 2))),
      kind: 'ArgumentError',
      says: [`${operation}: argument 0 must be a nest of`, 'not a Float64Array; use tensor(…)'],
    }),
  ),
];

test('an argument may have a part named shape', () => {
  const J = prepareJacobian(({ shape }: { shape: Tensor }) => ops.square(shape), {
    shape: { shape: [2], dtype: 'float64' },
  });
  expect(J({ shape: x }).shape.arraySync()).toEqual([
    [2, 0],
    [0, 4],
  ]); // prettier-ignore
});

test('a plan of several results, some forward and some in reverse, says so', () => {
  const f = (t: Tensor): Tensor[] => [ops.sum(t), ops.outer(ops.sum(t, 0, true), [1, 2, 3, 4])];
  const both = prepareJacobian(f, { shape: [3] }).plan;
  expect(both).toMatchObject({ mode: 'bidirectional', forwardSeeds: 3, reverseSeeds: 1 });
  expect(prepareJacobian((t: Tensor) => f(t)[0], { shape: [3] }).plan.mode).toBe('reverse');
});

test.each(bad)('$name', ({ run, kind, says }) => {
  let error: Error | undefined;
  try {
    run();
  } catch (e) {
    error = e as Error;
  }
  expect(error, 'nothing was thrown').toBeInstanceOf(Error);
  expect(error!.constructor.name).toBe(kind);
  for (const text of says) expect(error!.message).toContain(text);
  // All as before: the tape, and the library.
  expect(tape.jacobian(y, x).arraySync()).toEqual([
    [2, 0],
    [0, 4],
  ]);
  expect((jacobian(ops.square)(x) as Tensor).arraySync()).toEqual([
    [2, 0],
    [0, 4],
  ]);
});
