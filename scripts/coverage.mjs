/*
 * Writes COVERAGE.md: for each operation, what the sweep has shown of it. node scripts/coverage.mjs [--check] [report.json]
 * Runs the sweep, or reads the JSON report of a run of it; --check compares with the file in place of writing it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './steps.mjs';

const FILE = join(root, 'COVERAGE.md');
const SWEEP = ['packages/testing/src/sweep.test.ts', 'packages/testing/src/composites.test.ts'];
const KINDS = [
  ['composite', 'Operations made of others'],
  ['primitive', 'Primitives'],
];

/** The report of a run of the sweep, run now unless one is given. */
async function report(path) {
  if (path !== undefined) return JSON.parse(readFileSync(path, 'utf8'));
  mkdirSync(join(root, 'reports'), { recursive: true });
  const out = join(root, 'reports', 'sweep.json');
  const args = ['run', '--project', 'unit', ...SWEEP, '--reporter=json', `--outputFile=${out}`];
  const code = await run(join(root, 'node_modules', '.bin', 'vitest'), args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (!existsSync(out)) throw new Error(`the sweep did not run (vitest exited with ${code})`);
  return JSON.parse(readFileSync(out, 'utf8'));
}

/** What the tests say of themselves; one that failed says so by its titles. */
function cells({ testResults }) {
  const found = [];
  for (const { name, assertionResults } of testResults) {
    const file = SWEEP.find((f) => name.replaceAll('\\', '/').endsWith(f));
    if (file === undefined) continue;
    for (const { ancestorTitles, title, status, meta } of assertionResults) {
      const kind = file.includes('composites') ? 'composite' : 'primitive';
      const failed = { operation: ancestorTitles.at(-1), kind, property: title, word: '✗' };
      found.push(status === 'passed' && meta?.coverage ? meta.coverage : failed);
    }
  }
  return found;
}

function table(found, kind) {
  const own = found.filter((c) => c.kind === kind);
  const properties = [...new Set(own.map((c) => c.property))];
  const rows = [...new Set(own.map((c) => c.operation))].sort((a, b) => a.localeCompare(b, 'en'));
  const word = (operation, property) =>
    own.find((c) => c.operation === operation && c.property === property)?.word ?? '';
  const lines = rows.map((operation) => [operation, ...properties.map((p) => word(operation, p))]);
  return [['operation', ...properties], ['---', ...properties.map(() => ':---:')], ...lines]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

function document(found) {
  const ticks = found.filter((c) => c.word === '✓').length;
  const failed = found.filter((c) => c.word === '✗').length;
  const operations = new Set(found.map((c) => `${c.kind} ${c.operation}`)).size;
  const text = `<!-- Written by node scripts/coverage.mjs from the results of the sweep; not by hand. -->

# Coverage

What is tested of each operation, in float64 and float32, on scalars, awkward shapes and nothing at all:

- **value**: equal to a slow, obvious computation, and to known values at corners, kinks and tails.
- **order 1**, **order 2**: derivatives along random directions by forward and by reverse mode (at order 2 in all four
  combinations) equal central differences in float64; both modes are each other's transposes.
- **vmap**: mapped calls, also nested and of gradients, are the stack of single ones.
- **jit**: jitted calls give the same bits; derivatives through jit, to order 2, are those without.
- **jacobian**: forward, reverse, chosen, in chunks, jitted and prepared Jacobians, and Hessians, equal those made column by
  column.
- **cpu (async reads)**: values and gradients on a device that cannot be read at once are the same.
- **wasm**: value, jit, order 1 and jacobian on the WebAssembly backend.

Primitives are the rows that programs are made of. Some have no public function of their own name: \`contract\` is in matmul,
dot, outer and einsum, \`select\` in where, \`diagonal\`, \`embed\`, \`broadcast\`, \`padWith\`, \`powInt\`, \`floorMod\`, \`recurrence\` and
\`bitsTo…\` in functions that tell from theirs.

Where there is no tick, the cell says why. ${operations} operations, ${ticks} ticks, ${failed} failures.
${KINDS.map(([kind, title]) => `\n## ${title}\n\n${table(found, kind)}\n`).join('')}`;
  return text;
}

const args = process.argv.slice(2);
const check = args.includes('--check');
const found = cells(await report(args.find((a) => !a.startsWith('--'))));
if (found.length === 0) throw new Error('the report has no test of the sweep in it');
const text = document(found);
if (!check) writeFileSync(FILE, text);
else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== text) {
  console.error('COVERAGE.md is not what the sweep shows: run node scripts/coverage.mjs');
  process.exitCode = 1;
}
const wrong = found.filter((c) => c.word === '✗');
for (const { operation, property } of wrong) console.error(`failed: ${operation}, ${property}`);
if (wrong.length > 0) process.exitCode = 1;
