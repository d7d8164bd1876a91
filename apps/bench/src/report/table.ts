/* Tables for consoles and for Markdown: the same text. */
import { markdownTable } from 'markdown-table';
import { duration, threeDigits } from '../measure/statistics.ts';
import { describeMachine } from '../run/machine.ts';
import { type Cell, cellOf, type Results } from './results.ts';
import type { Verdict } from './verdict.ts';

const rightOfFirst = (columns: number): string[] => ['l', ...new Array<string>(columns).fill('r')];

function timeOf(cell: Cell | undefined, wanted: string): string {
  if (cell === undefined) return '–';
  if (cell.median === undefined) return 'failed';
  return duration(cell.median) + (cell.dtype === wanted ? '' : ` (${cell.dtype})`);
}

const firstOf = (cell: Cell | undefined): string => (cell?.first === undefined ? '–' : `${threeDigits(cell.first)} ms`);

/** Competitors that have a cell at all, those of one engine and those of none. */
const columnsOf = (results: Results, engine: string): Results['competitors'] =>
  results.competitors.filter(
    ({ id, engine: own }) => (own ?? engine) === engine && results.cells.some(({ competitor }) => competitor === id),
  );

function tableOf(results: Results, engine: string, text: (cell: Cell | undefined, dtype: string) => string): string {
  const columns = columnsOf(results, engine);
  const rows = results.workloads.map(({ id, dtype }) => [
    id,
    ...columns.map((competitor) => text(cellOf(results, id, competitor.id), dtype)),
  ]);
  return markdownTable([['workload', ...columns.map(({ title }) => title)], ...rows], {
    align: rightOfFirst(columns.length),
  });
}

/** Libraries and compilers with their versions, each once. */
function versionsOf({ competitors }: Results): string[] {
  const named = competitors
    .filter(({ kind, version }) => kind !== 'limit' && kind !== 'jacobi' && version !== '' && !version.startsWith('v'))
    .map(({ title, version }) => `${title.replace(/, .*| (wasm|cpu|dual numbers)$/, '')} ${version}`);
  return [...new Set(named)];
}

/** What was run where, in words. */
export function heading(results: Results): string {
  const { date, machine, engines, form, rounds } = results;
  const processes = rounds === 1 ? 'one fresh process' : `medians of ${rounds} fresh processes, interleaved`;
  const versions = versionsOf(results);
  return [
    `${date}, ${describeMachine(machine)}, Node ${engines.join(' and ')}.`,
    `${form === 'full' ? 'Full' : 'Short'} form: ${processes}; results equal to a float64 reference first.`,
    ...(versions.length > 0 ? [`${versions.join(', ')}.`] : []),
  ].join('\n');
}

export const timesTable = (results: Results, engine: string): string => tableOf(results, engine, timeOf);

/** Everything that failed or was left out, with the reason; idioms too. */
export function troubles({ cells, skipped, competitors }: Results): string {
  const title = (id: string): string => competitors.find((each) => each.id === id)?.title ?? id;
  const lines = cells.flatMap(({ workload, competitor, idioms, failed }) => [
    ...(failed === undefined ? [] : [`- ${workload}, ${title(competitor)}: failed: ${failed}`]),
    ...idioms
      .filter((each) => each.failed !== undefined && failed === undefined)
      .map((each) => `- ${workload}, ${title(competitor)}, ${each.idiom}: failed: ${each.failed}`),
  ]);
  return [...lines, ...skipped.map(({ title, reason }) => `- ${title}: skipped: ${reason}`)].join('\n');
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const mark = ({ met, wish }: Verdict): string =>
    `${met === undefined ? '–' : met ? '✓' : '✗'}${wish ? ' (wish)' : ''}`;
  const rows = verdicts.map((each) => [each.workload, each.engine, each.what, each.measured, each.wanted, mark(each)]);
  return markdownTable([['workload', 'Node', 'against', 'measured', 'wanted', 'met'], ...rows], {
    align: ['l', 'l', 'l', 'r', 'r', 'c'],
  });
}

/** `met 20, not met 5, not measured 3`; wishes are not counted. */
export function verdictSummary(verdicts: readonly Verdict[]): string {
  const counted = verdicts.filter(({ wish }) => !wish);
  const count = (met: boolean | undefined): number => counted.filter((each) => each.met === met).length;
  return `met ${count(true)}, not met ${count(false)}, not measured ${count(undefined)}`;
}

/** The whole report. */
export function markdown(results: Results, verdicts: readonly Verdict[]): string {
  const titles = results.workloads.map(
    ({ id, title, dtype }) => `- \`${id}\`: ${title}${dtype === 'float64' ? ', float64' : ''}`,
  );
  const sections = results.engines.flatMap((engine) => [
    `## Times, Node ${engine}\n\n${timesTable(results, engine)}`,
    `## First calls, Node ${engine}\n\n${tableOf(results, engine, firstOf)}`,
  ]);
  return `${[
    '# Jacobi beside what a user would pick instead',
    heading(results),
    titles.join('\n'),
    ...sections,
    `## Goals\n\n${verdictTable(verdicts)}\n\n${verdictSummary(verdicts)}`,
    `## Failed and skipped\n\n${troubles(results) || 'Nothing.'}`,
  ].join('\n\n')}\n`;
}
