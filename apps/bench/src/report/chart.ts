/*
 * The chart of README: how many times as long as Jacobi each competitor takes, on a logarithmic scale.
 */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { duration } from '../measure/statistics.ts';
import type { Kind } from '../run/competitors.ts';
import { describeMachine } from '../run/machine.ts';
import { cellOf, type Results } from './results.ts';

interface Dot {
  /** The workload's name and Jacobi's time. */
  readonly workload: string;
  readonly competitor: string;
  /** Times as long as `subject`. */
  readonly ratio: number;
}

/** What the chart shows: everyone on the first engine or on none, beside `subject`; no limits. */
function dotsOf(results: Results, subject: string): Dot[] {
  const [engine] = results.engines;
  const shown = results.competitors.filter(({ kind, engine: own }) => kind !== 'limit' && (own ?? engine) === engine);
  return results.workloads.flatMap(({ id }) => {
    const own = cellOf(results, id, subject)?.median;
    if (own === undefined) return [];
    return shown.flatMap(({ id: competitor, title }) => {
      if (competitor === subject) return [];
      const median = cellOf(results, id, competitor)?.median;
      return median === undefined
        ? []
        : [{ workload: `${id}  ${duration(own)}`, competitor: title, ratio: median / own }];
    });
  });
}

/** Colours by competitor, without an engine's or a thread's suffix; shapes by kind. */
const COLOURS: Readonly<Record<string, string>> = {
  'jacobi-cpu': '#8ab4e8',
  'jacobi-wasm': '#1f5fbf',
  'jacobi-wasm-threads': '#0b2f66',
  'tfjs-wasm': '#f28e2b',
  'tfjs-cpu': '#ffbe7d',
  jaxjs: '#b07aa1',
  'torch-1': '#e15759',
  torch: '#9c2f31',
  jax: '#59a14f',
  tensorflow: '#d4a017',
  js: '#555555',
  cpp: '#111111',
  'cpp-duals': '#999999',
};
const SHAPES: Readonly<Record<Kind, string>> = {
  jacobi: 'square',
  javascript: 'circle',
  python: 'triangle-up',
  bare: 'diamond',
  limit: 'cross',
};

/** One legend for colours and shapes: both over the same names. */
function scalesOf(results: Results, names: readonly string[]): { color: object; shape: object } {
  const found = names.map((name) => results.competitors.find(({ title }) => title === name)!);
  const scale = (range: readonly string[]): object => ({
    field: 'competitor',
    type: 'nominal',
    title: null,
    scale: { domain: names, range },
    legend: { labelLimit: 300, labelFontSize: 12, symbolSize: 90 },
  });
  return {
    color: scale(found.map(({ id }) => COLOURS[id.replace(/@.*/, '')] ?? '#76b7b2')),
    shape: scale(found.map(({ kind }) => SHAPES[kind])),
  };
}

function specOf(results: Results, subject: string): TopLevelSpec {
  const dots = dotsOf(results, subject);
  const title = results.competitors.find(({ id }) => id === subject)?.title ?? subject;
  const order = [...new Set(dots.map(({ workload }) => workload))];
  const processes = results.rounds === 1 ? 'one process each' : `medians of ${results.rounds} fresh processes`;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 640,
    height: { step: 24 },
    background: 'white',
    padding: 16,
    title: {
      text: `How many times as long as ${title}`,
      subtitle: [
        `${results.date}, ${describeMachine(results.machine)}, Node ${results.engines[0]}, ${processes}`,
        'to the right: slower than Jacobi; beside the names: how long Jacobi takes',
      ],
      anchor: 'start',
      offset: 12,
    },
    config: {
      font: 'Helvetica, Arial, sans-serif',
      axis: { labelFontSize: 12, labelLimit: 300 },
      view: { stroke: null },
    },
    data: { values: dots },
    layer: [
      { mark: { type: 'rule', color: '#1f5fbf', strokeWidth: 2 }, encoding: { x: { datum: 1 } } },
      {
        mark: { type: 'point', filled: true, size: 75, opacity: 0.9 },
        encoding: {
          x: {
            field: 'ratio',
            type: 'quantitative',
            scale: { type: 'log', nice: true },
            axis: {
              title: null,
              orient: 'top',
              values: DECADES,
              labelOverlap: false,
              labelExpr: "format(datum.value, '~r') + '×'",
            },
          },
          y: {
            field: 'workload',
            type: 'nominal',
            sort: order,
            title: null,
            axis: { grid: true, ticks: false, domain: false },
          },
          ...scalesOf(results, [...new Set(dots.map(({ competitor }) => competitor))]),
        },
      },
    ],
  };
}
const DECADES = Array.from({ length: 16 }, (_, i) => 10 ** (i - 6));

/** The chart as an SVG document. */
export async function chart(results: Results, subject: string): Promise<string> {
  const view = new View(parse(compile(specOf(results, subject)).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
