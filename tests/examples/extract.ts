/*
 * Finds the runnable examples in prose and docstrings: every ```ts fence of a Markdown file (unless tagged `no-run`) and
 * every @example of a JSDoc block, each with the place where it stands.
 */
export interface Example {
  /** `README.md:12`: the file and the line on which the code starts. */
  readonly place: string;
  readonly file: string;
  /** Line of the code's first line, counted from 1. */
  readonly line: number;
  readonly code: string;
  /** Docstring examples may leave imports out: the names come from their package and from the umbrella. */
  readonly docstring: boolean;
}

const FENCE = /^([ \t]*)```(ts|typescript)([^\n]*)\n([\s\S]*?)^[ \t]*```[ \t]*$/gm;
const JSDOC = /\/\*\*[\s\S]*?\*\//g;
const EXAMPLE_TAG = /^[ \t]*@example[^\n]*\n([\s\S]*?)(?=^[ \t]*@\w|$(?![\s\S]))/gm;

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** Takes away what all lines have in common on their left. */
function dedent(code: string): string {
  const lines = code.split('\n');
  const widths = lines.filter((line) => line.trim() !== '').map((line) => /^\s*/.exec(line)![0].length);
  const width = Math.min(...widths);
  return lines.map((line) => line.slice(width)).join('\n');
}

function fences(file: string, text: string, firstLine: number, docstring: boolean): Example[] {
  return [...text.matchAll(FENCE)]
    .filter((match) => !/\bno-run\b/.test(match[3]!))
    .map((match) => {
      const line = firstLine + lineAt(text, match.index);
      return { place: `${file}:${line}`, file, line, code: dedent(match[4]!), docstring };
    });
}

export function markdownExamples(file: string, text: string): Example[] {
  return fences(file, text, 1, false);
}

/** The text of a JSDoc block, line for line, without its stars. */
const unstarred = (block: string): string =>
  block
    .replace(/^\/\*\*/, '')
    .replace(/\s*\*\/$/, '\n')
    .replace(/^[ \t]*\*[ ]?/gm, '');

export function docstringExamples(file: string, text: string): Example[] {
  return [...text.matchAll(JSDOC)].flatMap((block) => {
    const plain = unstarred(block[0]);
    const blockLine = lineAt(text, block.index);
    return [...plain.matchAll(EXAMPLE_TAG)].flatMap((tag) => {
      const body = tag[1]!;
      const line = blockLine + lineAt(plain, tag.index);
      if (body.includes('```')) return fences(file, body, line, true);
      return [{ place: `${file}:${line}`, file, line, code: dedent(body), docstring: true }];
    });
  });
}
