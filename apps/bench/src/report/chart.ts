/*
 * The chart of README: how many times as long as Jacobi each competitor takes, on a logarithmic scale.
 */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { duration } from '../measure/statistics.ts';
import { describeMachine } from '../run/machine.ts';
import { cellOf, type Results } from './results.ts';

export interface Dot {
  /** The workload's name and Jacobi's time. */
  readonly workload: string;
  readonly competitor: string;
  /** Times as long as `subject`. */
  readonly ratio: number;
}

/** What the chart shows: everyone on the first engine or on none, beside `subject`; no limits. */
export function dotsOf(results: Results, subject: string): Dot[] {
  const [engine] = results.engines;
  const shown = results.competitors.filter(({ kind, engine: own }) => kind !== 'limit' && (own ?? engine) === engine);
  return results.workloads.flatMap(({ id }) => {
    const own = cellOf(results, id, subject)?.median;
    if (own === undefined) return [];
    return shown.flatMap(({ id: competitor, title }) => {
      const median = cellOf(results, id, competitor)?.median;
      return median === undefined
        ? []
        : [{ workload: `${id}  ${duration(own)}`, competitor: title, ratio: median / own }];
    });
  });
}

function specOf(results: Results, subject: string): TopLevelSpec {
  const dots = dotsOf(results, subject);
  const title = results.competitors.find(({ id }) => id === subject)?.title ?? subject;
  const order = [...new Set(dots.map(({ workload }) => workload))];
  const competitors = [...new Set(dots.map(({ competitor }) => competitor))];
  const y = { field: 'workload', type: 'nominal', sort: order, title: null } as const;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 640,
    height: { step: 24 },
    background: 'white',
    padding: 16,
    title: {
      text: `Times as long as ${title}`,
      subtitle: [
        `${results.date}, ${describeMachine(results.machine)}, Node ${results.engines[0]}`,
        `left of 1: faster than Jacobi; beside the names: Jacobi's time; medians of ${results.rounds} processes`,
      ],
      anchor: 'start',
      offset: 12,
    },
    config: {
      font: 'Helvetica, Arial, sans-serif',
      axis: { labelFontSize: 11, labelLimit: 240 },
      view: { stroke: null },
    },
    data: { values: dots },
    layer: [
      { mark: { type: 'rule', color: '#222', strokeWidth: 1.5 }, encoding: { x: { datum: 1 } } },
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 0.85 },
        encoding: {
          x: {
            field: 'ratio',
            type: 'quantitative',
            scale: { type: 'log', nice: true },
            axis: { title: null, orient: 'top', format: '~r', tickCount: 8, labelExpr: "datum.label + '×'" },
          },
          y: { ...y, axis: { grid: true, ticks: false, domain: false } },
          color: {
            field: 'competitor',
            type: 'nominal',
            sort: competitors,
            title: null,
            scale: { scheme: 'tableau10' },
          },
          shape: { field: 'competitor', type: 'nominal', sort: competitors, title: null },
        },
      },
    ],
  };
}

/** The chart as an SVG document. */
export async function chart(results: Results, subject: string): Promise<string> {
  const view = new View(parse(compile(specOf(results, subject)).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
