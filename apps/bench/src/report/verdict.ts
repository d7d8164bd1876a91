/* Goals against results: measured, wanted, met or not. */
import { duration, threeDigits } from '../measure/statistics.ts';
import { GOALS, type Goal, type Rivals } from './goals.ts';
import { cellOf, type Results } from './results.ts';

export interface Verdict {
  readonly workload: string;
  readonly engine: string;
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  /** `undefined`: there is nothing to compare with. */
  readonly met: boolean | undefined;
  readonly wish: boolean;
}

interface Timed {
  readonly title: string;
  readonly median: number;
}

/** Which competitors are rivals of that name. */
function isRival(rivals: Rivals, { id, kind }: Results['competitors'][number]): boolean {
  const name = id.replace(/@.*/, '');
  switch (rivals) {
    case 'peers':
      return kind === 'javascript' || kind === 'python';
    case 'JavaScript peers':
      return kind === 'javascript';
    case 'PyTorch':
      return name === 'torch' || name === 'torch-1';
    case 'C++ dual numbers':
      return name === 'cpp-duals';
    case 'C++, straight-line':
      return name === 'cpp';
    case 'JavaScript, straight-line':
      return name === 'js';
    case 'limit':
      return kind === 'limit' || name === 'tfjs-wasm';
    default:
      return rivals satisfies never;
  }
}

/** The fastest rival; those in JavaScript on the same engine only. */
function bestRival(results: Results, workload: string, rivals: Rivals, engine: string): Timed | undefined {
  const timed = results.competitors
    .filter((each) => isRival(rivals, each) && (each.engine === undefined || each.engine === engine))
    .flatMap(({ id, title }) => {
      const median = cellOf(results, workload, id)?.median;
      return median === undefined ? [] : [{ title, median }];
    });
  return timed.sort((a, b) => a.median - b.median)[0];
}

const times = (factor: number): string => `${threeDigits(factor)}×`;

function judge(goal: Goal, results: Results, engine: string, own: number | undefined): Verdict {
  const { workload, rivals, ahead, under, wish = false } = goal;
  const row = { workload, engine, wish };
  if (under !== undefined) {
    const measured = own === undefined ? 'not measured' : duration(own);
    return {
      ...row,
      what: 'at most',
      measured,
      wanted: duration(under),
      met: own === undefined ? undefined : own <= under,
    };
  }
  const rival = bestRival(results, workload, rivals!, engine);
  const wanted = ahead! < 1 && rivals !== 'limit' ? `within ${times(1 / ahead!)}` : times(ahead!);
  if (own === undefined || rival === undefined)
    return { ...row, what: rivals!, measured: 'not measured', wanted, met: undefined };
  const factor = rival.median / own;
  const measured = ahead! < 1 && rivals !== 'limit' ? `${times(1 / factor)} as long` : times(factor);
  const what = `${rivals}: ${rival.title} ${duration(rival.median)}, Jacobi ${duration(own)}`;
  return { ...row, what, measured, wanted, met: factor >= ahead! };
}

/** The goals of an engine, for workloads that were run. */
function goalsFor({ workloads }: Results, engine: string): Goal[] {
  const current = Number(engine.slice(1).split('.')[0]) >= 24;
  return GOALS.filter(
    (goal) =>
      workloads.some(({ id }) => id === goal.workload) &&
      (goal.engine === undefined || (goal.engine === 'current Node') === current),
  );
}

/** All goals, on every engine that was run; `subject` is the competitor judged, without an engine's suffix. */
export function verdicts(results: Results, subject: string): Verdict[] {
  return results.engines.flatMap((engine) => {
    const competitor = results.competitors.find(
      (each) => each.id.replace(/@.*/, '') === subject && each.engine === engine,
    );
    return goalsFor(results, engine).map((goal) =>
      judge(goal, results, engine, competitor && cellOf(results, goal.workload, competitor.id)?.median),
    );
  });
}
