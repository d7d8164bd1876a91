/** Programs: printed, checked, cut to what is needed. Built by hand, as a trace builds them. */
import { describe, expect, test } from 'vitest';
import type { Tensor } from './index.ts';
import { add, matmul, mul, neg, pad, reshape, setDebug, sin, split, sum, tensor, transpose } from './index.ts';
import type { Program } from './internal.ts';
import { checkProgram, makeProgram, printProgram, Trace, tensorType, withFrame } from './internal.ts';

/** The program of `f` at arguments of shape [2, 2]. */
function trace(f: (x: Tensor, y: Tensor) => readonly Tensor[]): Program {
  const frame = new Trace('test');
  const inputs = [tensorType('float32', [2, 2]), tensorType('float32', [2, 2])].map((t) => frame.input(t));
  const outputs = withFrame(frame, () => f(inputs[0]!, inputs[1]!));
  return frame.finish(outputs);
}

const sample = (): Program => trace((x, y) => [sum(mul(sin(x), y), 0)]);

describe('printProgram', () => {
  test('prints a row a line, with types', () => {
    expect(printProgram(sample())).toMatchInlineSnapshot(`
      "program(%0:f32[2,2], %1:f32[2,2])
        %2:f32[2,2] = sin %0
        %3:f32[2,2] = mul %2 %1
        %4:f32[2] = sum %3 { axes: [0] }
        return %4"
    `);
  });
  test('lists captured values, params, and rows with several outputs', () => {
    const w = tensor([
      [1, 2],
      [3, 4],
    ]);
    const program = trace((x) => {
      const [a, b] = split(matmul(x, w), 2, 1);
      return [add(a!, b!), transpose(x)];
    });
    expect(printProgram(program)).toMatchInlineSnapshot(`
      "program(%0:f32[2,2], %1:f32[2,2])
        %2:f32[2,2] = captured
        %3:f32[2,2] = contract %0 %2 { left: [0,2], right: [2,1], out: [0,1] }
        %4:f32[2,1], %5:f32[2,1] = split %3 { axis: 1, sizes: [1,1] }
        %6:f32[2,1] = add %4 %5
        %7:f32[2,2] = transpose %0 { permutation: [1,0] }
        return %6, %7"
    `);
  });
  test('params that differ print differently', () => {
    const texts = [Infinity, -Infinity, NaN, 1].map((value) =>
      printProgram(
        trace((x) => [
          pad(
            x,
            [
              [0, 1],
              [0, 0],
            ],
            value,
          ),
        ]),
      ),
    );
    expect(new Set(texts).size).toBe(4);
  });
  test('rows that no output needs are gone', () => {
    const program = trace((x, y) => {
      sin(y);
      const unused = tensor(5);
      mul(x, unused);
      return [neg(x)];
    });
    expect(program.rows.map((row) => row.application.primitive.name)).toEqual(['neg']);
    expect(program.captured).toEqual([]);
  });
});

describe('checkProgram', () => {
  test('passes programs as traces make them', () => {
    checkProgram(sample());
    checkProgram(trace((x) => [x, x]));
    checkProgram(trace((x) => [reshape(x, [4])]));
  });

  const edited = (edit: (p: Program) => Partial<Program>): Program => {
    const p = sample();
    return { ...p, ...edit(p) };
  };
  test.each<[string, (p: Program) => Partial<Program>, RegExp]>([
    ['a value used before it is made', (p) => ({ rows: p.rows.toReversed() }), /%3 is used before it is made, in sum/],
    ['a row that is missing', (p) => ({ rows: p.rows.slice(1) }), /%2 is used before it is made, in mul/],
    ['a value made twice', (p) => ({ rows: [p.rows[0]!, ...p.rows] }), /%2 is made twice or out of range, in sin/],
    [
      'an input that is listed twice',
      (p) => ({ inputs: [...p.inputs, 0] }),
      /%0 is made twice or out of range, in the inputs/,
    ],
    ['an output that nobody makes', () => ({ outputs: [99] }), /%99 is used before it is made, in the outputs/],
    [
      'an input of another type',
      (p) => ({ types: p.types.map((t, i) => (i === 0 ? tensorType('float64', [2, 2]) : t)) }),
      /input 0 of sin has another type/,
    ],
    [
      'an output of another type',
      (p) => ({ types: p.types.map((t, i) => (i === 4 ? tensorType('float32', [3]) : t)) }),
      /output 0 of sum has another type/,
    ],
    [
      'a captured value of another type',
      (p) => ({ captured: [{ variable: 5, tensor: tensor(1) }], types: [...p.types, tensorType('int32', [])] }),
      /captured %5 has another type/,
    ],
  ])('finds %s, and prints the program', (_what, edit, message) => {
    expect(() => checkProgram(edited(edit))).toThrow(message);
    expect(() => checkProgram(edited(edit))).toThrow(/program\(%0/);
  });
});

test('programs have numbers of their own and a format', () => {
  const [a, b] = [sample(), sample()];
  expect(a.id).not.toBe(b.id);
  expect(a.format).toBe(1);
  expect(makeProgram(a).rows).toEqual(a.rows);
});

test('setDebug takes true or false', () => {
  expect(() => setDebug('no' as never)).toThrow('setDebug: on must be true or false, not "no"');
});
