/*
 * The measured process of competitors in JavaScript: node dist/worker.js <module of programs> name=value…
 * The one idea: the module is imported here and nowhere else, so that a process holds one competitor.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { readInput } from './inputs/inputs.ts';
import { type MakeIdiom, measure, sink } from './measure/harness.ts';
import type { Programs } from './measure/programs.ts';
import { type Job, type Report, readJob } from './measure/protocol.ts';

const say = (report: Report): void => console.log(JSON.stringify(report));
const reason = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split('\n')[0]!.slice(0, 300);

/** The result of the last of a few calls: engines and libraries that compile late are checked compiled. */
async function check(make: MakeIdiom, path: string, job: Job): Promise<Omit<Report, 'idiom' | 'dtype'>> {
  const { call, inOrder } = await make();
  const measured = measure(call, job);
  const result = call();
  const parts = (inOrder?.(result) ?? result).map((part) => Float64Array.from(part));
  const all = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  writeFileSync(path, new Uint8Array(all.buffer));
  return measured;
}

async function run(module: string, words: readonly string[]): Promise<void> {
  const { job, options } = readJob(words);
  const programs = (await import(pathToFileURL(module).href)) as Programs;
  const opened = await programs.open(options);
  const { dtype, version } = opened;
  const table = opened.idioms(job.program, readInput(job.input));
  for (const [idiom, make] of Object.entries(table)) {
    if (job.mode === 'time' && idiom !== job.idiom) continue;
    try {
      const measured =
        job.mode === 'check' ? await check(make, `${job.result}.${idiom}`, job) : measure((await make()).call, job);
      say({ idiom, dtype, version, ...measured });
    } catch (error) {
      say({ idiom, dtype, version, error: reason(error) });
    }
  }
}

const [module, ...words] = process.argv.slice(2);
await run(module!, words);
// Libraries with threads or open handles would keep the process; and the sink must not be optimised away.
process.exit(Number.isNaN(sink.sum) ? 3 : 0);
