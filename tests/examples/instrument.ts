/*
 * Turns an example's comments into assertions: `expression // → value` (or `const y = … // → value`) becomes a call of
 * tests/examples/check.ts with the expression and the text. An expected value may go on over comment lines as long as a
 * bracket is open.
 */
import { type ESTree, parseSync, Visitor } from 'rolldown/utils';

interface Statement {
  readonly start: number;
  readonly end: number;
  /** Source of the expression to check, and of what stays before it (a declaration). */
  readonly before: string;
  readonly expression: string;
  readonly isAsync: boolean;
}

export interface Instrumented {
  readonly code: string;
  readonly hasImports: boolean;
  /** Identifiers that the example uses and does not declare at its top level. */
  readonly freeNames: ReadonlySet<string>;
  readonly checks: number;
}

const ARROW = /^\s*→\s*/;

const balanced = (text: string): boolean => (text.match(/[[({]/g)?.length ?? 0) <= (text.match(/[\])}]/g)?.length ?? 0);

/** Names that a binding pattern declares. */
function boundNames(pattern: ESTree.BindingPattern): string[] {
  const names: string[] = [];
  const visitor = new Visitor({ Identifier: (node) => void names.push(node.name) });
  visitor.visit({ type: 'Program', body: [pattern] } as unknown as ESTree.Program);
  return names;
}

/** `console.log(a, b)` is checked by what it would print. */
function checkedExpression(code: string, expression: ESTree.Expression): string {
  const source = code.slice(expression.start, expression.end);
  const isLog =
    expression.type === 'CallExpression' &&
    /^console\s*\.\s*log$/.test(code.slice(expression.callee.start, expression.callee.end));
  return isLog ? source.replace(/^console\s*\.\s*log/, '__printed') : source;
}

/** Every expression statement and declaration, and what an arrow comment behind it would check. */
function statements(code: string, program: ESTree.Program): Statement[] {
  const found: Statement[] = [];
  let depth = 0;
  const enter = (): void => void (depth += 1);
  const leave = (): void => void (depth -= 1);
  const visitor = new Visitor({
    FunctionDeclaration: enter,
    'FunctionDeclaration:exit': leave,
    FunctionExpression: enter,
    'FunctionExpression:exit': leave,
    ArrowFunctionExpression: enter,
    'ArrowFunctionExpression:exit': leave,
    ExpressionStatement(node) {
      const expression = checkedExpression(code, node.expression);
      found.push({ start: node.start, end: node.end, before: '', expression, isAsync: depth === 0 });
    },
    VariableDeclaration(node) {
      const last = node.declarations.at(-1)!;
      const names = boundNames(last.id);
      const expression = last.id.type === 'Identifier' ? names[0]! : `[${names.join(', ')}]`;
      const before = code.slice(node.start, node.end);
      found.push({ start: node.start, end: node.end, before, expression, isAsync: depth === 0 });
    },
  });
  visitor.visit(program);
  return found;
}

function freeNames(program: ESTree.Program): Set<string> {
  const used = new Set<string>();
  new Visitor({ Identifier: (node) => void used.add(node.name) }).visit(program);
  for (const statement of program.body) {
    if (statement.type === 'VariableDeclaration') {
      for (const { id } of statement.declarations) for (const name of boundNames(id)) used.delete(name);
    } else if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      if (statement.id) used.delete(statement.id.name);
    }
  }
  return used;
}

interface Arrow {
  readonly start: number;
  readonly expected: string;
}

/** The arrow comments, each with the comment lines that go on with it. */
function arrows(code: string, comments: readonly { start: number; end: number; value: string }[]): Arrow[] {
  const found: { start: number; end: number; expected: string }[] = [];
  for (const comment of comments) {
    const last = found.at(-1);
    if (ARROW.test(comment.value))
      found.push({ start: comment.start, end: comment.end, expected: comment.value.replace(ARROW, '').trim() });
    else if (last !== undefined && !balanced(last.expected) && /^\s*$/.test(code.slice(last.end, comment.start))) {
      last.expected += ` ${comment.value.trim()}`;
      last.end = comment.end;
    }
  }
  return found;
}

/** Rewrites an example, keeping its lines; `place` gives the place of a line of it. */
export function instrument(code: string, place: (line: number) => string): Instrumented {
  const { program, comments, errors } = parseSync('example.ts', code);
  if (errors.length > 0) throw new Error(`${place(1)}: does not parse: ${errors[0]!.message}`);
  const all = statements(code, program);
  let result = code;
  const found = arrows(code, comments);
  for (const arrow of found.toReversed()) {
    const where = place(code.slice(0, arrow.start).split('\n').length);
    const ending = all.filter((each) => each.end <= arrow.start && /^[\s;]*$/.test(code.slice(each.end, arrow.start)));
    const statement = ending.reduce<Statement | undefined>(
      (a, b) => (a === undefined || b.end > a.end ? b : a),
      undefined,
    );
    if (statement === undefined) throw new Error(`${where}: no statement before this → comment`);
    const { before, expression, isAsync } = statement;
    const texts = `${JSON.stringify(arrow.expected)}, ${JSON.stringify(where)}`;
    const check = isAsync
      ? `await __check(async () => (${expression}), ${texts});`
      : `__checkNow(() => (${expression}), ${texts});`;
    result = `${result.slice(0, statement.start)}${before}${before === '' ? ';' : '; '}${check}${result.slice(statement.end)}`;
  }
  return {
    code: result,
    hasImports: program.body.some((statement) => statement.type === 'ImportDeclaration'),
    freeNames: freeNames(program),
    checks: found.length,
  };
}
