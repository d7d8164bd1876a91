/*
 * Compares what an example computes with what its comment says. A value is written as a reader would see it: a tensor by
 * String(), or as its nested array; arrays and objects as JSON without quotes. Numbers agree to the digits that the
 * comment prints, `…` stands for anything, `throws text` for an error whose message holds the text.
 */
const NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi;

class Printed {
  readonly values: readonly unknown[];
  constructor(values: readonly unknown[]) {
    this.values = values;
  }
}

/** Stands for console.log in a checked statement. */
export function __printed(...values: unknown[]): unknown {
  return new Printed(values);
}

const isTensor = (value: object): value is { arraySync(): unknown } => 'arraySync' in value && 'dtype' in value;

/** The forms under which a value may be written. */
function forms(value: unknown): string[] {
  if (value instanceof Printed) return [value.values.map((each) => forms(each)[0]).join(' ')];
  if (typeof value !== 'object' || value === null) return [Object.is(value, -0) ? '-0' : String(value)];
  if (isTensor(value)) return [String(value), ...forms(value.arraySync())];
  if (ArrayBuffer.isView(value)) {
    const list = forms([...(value as Float64Array)])[0]!;
    return [
      list,
      `${value.constructor.name} ${list}`,
      `${value.constructor.name}(${(value as Float64Array).length}) ${list}`,
    ];
  }
  if (Array.isArray(value)) {
    const printed = value.map(forms);
    return [0, 1].map((form) => `[${printed.map((each) => each[form] ?? each[0]).join(', ')}]`);
  }
  if (value.toString !== Object.prototype.toString) return [String(value)];
  const entries = Object.entries(value).map(([key, each]) => [key, forms(each)] as const);
  return [0, 1].map((form) => `{${entries.map(([key, each]) => `${key}: ${each[form] ?? each[0]}`).join(', ')}}`);
}

/** White space beside punctuation, and quotes, make no difference. */
const normal = (text: string): string =>
  text
    .replace(/["'`]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([[\](){},:;]) ?/g, '$1')
    .trim();

/** How far a number may be from one that is printed as `text`. */
function slack(text: string, truncated: boolean): number {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const decimals = mantissa.split('.')[1]?.length ?? 0;
  if (decimals === 0) return 1e-6 * Math.max(1, Math.abs(Number(text)));
  return (truncated ? 1 : 0.5) * 10 ** (Number(exponent) - decimals) * (1 + 1e-6);
}

const escaped = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/…|\.\.\./g, '[\\s\\S]*?');

function agrees(actual: string, expected: string): boolean {
  const numbers = [...expected.matchAll(NUMBER)];
  let pattern = '';
  let at = 0;
  for (const match of numbers) {
    pattern += `${escaped(expected.slice(at, match.index))}(${NUMBER.source})`;
    at = match.index + match[0].length;
  }
  const found = new RegExp(`^${pattern}${escaped(expected.slice(at))}$`, 'i').exec(actual);
  if (found === null) return false;
  return numbers.every((match, i) => {
    const truncated = /^(…|\.\.\.)/.test(expected.slice(match.index + match[0].length));
    return Math.abs(Number(found[i + 1]) - Number(match[0])) <= slack(match[0], truncated);
  });
}

const THROWS = /^throws\b:?\s*/;

function verdict(value: unknown, expected: string, place: string): void {
  const candidates = forms(value);
  if (candidates.some((candidate) => agrees(normal(candidate), normal(expected)))) return;
  throw new Error(`${place}: the example says\n  ${expected}\nbut the value is\n  ${candidates[0]}`);
}

function verdictOnThrow(error: unknown, expected: string, place: string): void {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (!THROWS.test(expected)) throw error;
  if (agrees(normal(message), `…${normal(expected.replace(THROWS, ''))}…`)) return;
  throw new Error(`${place}: the example says it ${expected}\nbut it throws\n  ${message}`, { cause: error });
}

const returned = (expected: string, place: string): Error =>
  new Error(`${place}: the example says it ${expected}, but it returns`);

/** Checks the value, awaited, of a statement at the top level of an example. */
export async function __check(compute: () => Promise<unknown>, expected: string, place: string): Promise<void> {
  let value: unknown;
  try {
    value = await compute();
  } catch (error) {
    verdictOnThrow(error, expected, place);
    return;
  }
  if (THROWS.test(expected)) throw returned(expected, place);
  verdict(value, expected, place);
}

/** Checks the value of a statement inside a function of an example. */
export function __checkNow(compute: () => unknown, expected: string, place: string): void {
  let value: unknown;
  try {
    value = compute();
  } catch (error) {
    verdictOnThrow(error, expected, place);
    return;
  }
  if (THROWS.test(expected)) throw returned(expected, place);
  verdict(value, expected, place);
}
