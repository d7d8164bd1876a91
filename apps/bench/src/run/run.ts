/*
 * A whole run: inputs and references, checks, rounds, results.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { armCode, cpp, residualCode } from '../codegen/emit.ts';
import { makeInput } from '../inputs/inputs.ts';
import type { Workload } from '../inputs/workloads.ts';
import type { Results } from '../report/results.ts';
import { type Checked, check, type Effort, prepare } from './check.ts';
import type { Competitor, Skipped } from './competitors.ts';
import { FIRST, firstCell, firstOnce } from './first.ts';
import { thisMachine } from './machine.ts';
import { cellFrom, type Entry, inOrderOf, time } from './measure.ts';
import { place } from './places.ts';
import { finish } from './process.ts';
import type { Progress } from './progress.ts';

/** How much is done: the short form shows where things stand, the full one is for keeping. */
export const FORMS: Readonly<Record<Results['form'], { readonly rounds: number; readonly effort: Effort }>> = {
  short: { rounds: 2, effort: { warm: 300, batch: 25, limit: 800, batches: 7 } },
  full: { rounds: 5, effort: { warm: 700, batch: 60, limit: 3000, batches: 11 } },
};

export interface Plan {
  readonly form: Results['form'];
  readonly rounds: number;
  readonly workloads: readonly Workload[];
  /** Whether the first Jacobian of processes is measured. */
  readonly first: boolean;
  readonly competitors: readonly Competitor[];
  readonly skipped: readonly Skipped[];
  readonly engines: readonly string[];
}

/** A directory that is gone when the run is over. */
export function workspace(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'jacobi-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Builds the C++ programs; gives the directory, or the compiler's first error. */
export async function buildNative(directory: string): Promise<{ built?: string; error?: string }> {
  const header = [cpp('generated_arm', armCode(makeInput('arm', 1))), cpp('generated_residual', residualCode())];
  writeFileSync(join(directory, 'generated.hpp'), `#pragma once\n#include <cmath>\n${header.join('\n')}`);
  const flags = ['-O3', '-march=native', '-std=c++20', `-I${directory}`, `-I${place('native')}`];
  const { code, errors } = await finish(['g++', ...flags, place('native/native.cpp'), '-o', join(directory, 'native')]);
  return code === 0
    ? { built: directory }
    : { error: errors.split('\n').find((line) => line.includes('error')) ?? errors };
}

/** Everything found so far. */
interface Findings {
  readonly entries: Entry[];
  readonly versions: Map<string, string>;
  readonly firsts: Map<Competitor, (number | string)[]>;
}

/** Checks everything, then times what is right; `keep` gets what there is after every round. */
export async function run(
  plan: Plan,
  directory: string,
  progress: Progress,
  keep: (results: Results) => void,
): Promise<Results> {
  const starters = plan.first ? plan.competitors.filter(({ first }) => first) : [];
  const findings: Findings = {
    entries: [],
    versions: new Map(),
    firsts: new Map(starters.map((competitor) => [competitor, []])),
  };
  await checkAll(plan, directory, progress, findings);
  const right = findings.entries.filter(({ checked }) => checked.best !== undefined);
  progress.start('Time', plan.rounds * (right.length + starters.length));
  for (let round = 0; round < plan.rounds; round++) {
    await timeAll(plan, round, right, findings.firsts, progress);
    keep(resultsOf({ ...plan, rounds: round + 1 }, findings));
  }
  progress.done();
  return resultsOf(plan, findings);
}

async function checkAll(
  plan: Plan,
  directory: string,
  progress: Progress,
  { entries, versions }: Findings,
): Promise<void> {
  progress.start('Check', plan.workloads.length * plan.competitors.length);
  for (const workload of plan.workloads) {
    const prepared = prepare(workload, directory);
    for (const competitor of plan.competitors) {
      progress.step(`${workload.id} · ${competitor.title}`);
      const checked = await check(competitor, prepared);
      report(progress, workload, competitor, checked);
      if (checked.version !== '') versions.set(competitor.id, checked.version);
      // Without programs for it there is no cell; the reference has done its work.
      if (checked.idioms.length === 0) continue;
      const kept = { ...prepared, expected: new Float64Array() };
      entries.push({ competitor, prepared: kept, checked, reports: [], failed: undefined });
    }
  }
  progress.done();
}

function report(progress: Progress, { id }: Workload, { title }: Competitor, { idioms, failed }: Checked): void {
  if (failed !== undefined) progress.note(`${id} · ${title}: failed: ${failed}`);
  else
    for (const each of idioms)
      if (each.failed?.startsWith('wrong')) progress.note(`${id} · ${title}, ${each.idiom}: ${each.failed}`);
}

/** One round: everything once. */
async function timeAll(
  { form, rounds }: Plan,
  round: number,
  entries: readonly Entry[],
  firsts: Findings['firsts'],
  progress: Progress,
): Promise<void> {
  const said = `round ${round + 1} of ${rounds}`;
  for (const entry of inOrderOf(round, entries)) {
    progress.step(`${said} · ${entry.prepared.workload.id} · ${entry.competitor.title}`);
    if (entry.failed === undefined) await time(entry, FORMS[form].effort);
  }
  for (const [competitor, found] of firsts) {
    progress.step(`${said} · ${FIRST.id} · ${competitor.title}`);
    if (round === 0) await firstOnce(competitor); // files into the system's cache
    found.push(await firstOnce(competitor));
  }
}

const resultsOf = (plan: Plan, { entries, versions, firsts }: Findings): Results => ({
  format: 1,
  date: new Date().toISOString().slice(0, 10),
  machine: thisMachine(),
  engines: plan.engines,
  form: plan.form,
  rounds: plan.rounds,
  workloads: [...plan.workloads.map(({ id, title, dtype }) => ({ id, title, dtype })), ...(plan.first ? [FIRST] : [])],
  competitors: plan.competitors.map(({ id, title, kind, engine }) => ({
    id,
    title,
    kind,
    engine,
    version: versions.get(id) ?? '',
  })),
  skipped: plan.skipped,
  cells: [...entries.map(cellFrom), ...[...firsts].map(([competitor, found]) => firstCell(competitor, found))],
});
