/*
 * What `npm start`, `npm test`, `npm run check`, `npm run engines`, `npm run bench` and `npm run bench:overhead` do once pnpm
 * is there: node scripts/run.mjs <build|start|test|check|engines|bench|overhead> [args].
 * start and test stop at the first step that fails; check goes through all of its checks and lists those that failed.
 * Arguments go to the command's last step: `npm test -- packages/tensor` runs the tests of one package.
 */
import { step } from './steps.mjs';

const prepare = [
  { title: 'Install', command: ['pnpm', 'install', '--frozen-lockfile'] },
  { title: 'Build', command: ['turbo', 'run', 'build', '--output-logs=errors-only', '--ui=stream'] },
];
const tour = { title: 'Tour', command: ['node', 'apps/examples/dist/tour.js'] };
const overhead = { title: 'Overhead', command: ['node', 'apps/examples/dist/bench.js'] };
const bench = { title: 'Bench', command: ['node', 'apps/bench/dist/main.js'] };
const fetchEngines = {
  title: 'Fetch engines',
  command: ['pnpm', 'install', '--frozen-lockfile', '--dir', 'tests/engines'],
};
const engines = { title: 'Engines', command: ['node', 'tests/engines/main.mjs'] };
const tests = { title: 'Test', command: ['vitest', 'run'] };
const checks = [
  { title: 'Lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { title: 'Format', command: ['biome', 'check', '--reporter=summary'] },
  { title: 'Types', command: ['tsc', '-p', 'tsconfig.json'] },
  { title: 'Layering', command: ['node', 'scripts/layering.mjs'] },
  { title: 'Unused', command: ['knip', '--no-config-hints'] },
  { title: 'Packages', command: ['node', 'scripts/packages.mjs'] },
  { title: 'Sizes', command: ['node', 'scripts/sizes.mjs'] },
];

/** Runs steps until one fails; resolves to whether all succeeded. */
async function all(steps) {
  for (const each of steps) if (!(await step(each))) return false;
  return true;
}

async function check() {
  if (!(await all(prepare))) return false;
  const failed = [];
  for (const each of checks) if (!(await step(each))) failed.push(each.title);
  console.log(failed.length === 0 ? `\nAll ${checks.length} checks passed.` : `\nFailed: ${failed.join(', ')}.`);
  return failed.length === 0;
}

/** Engines that cannot be fetched are left out, visibly. */
async function runEngines() {
  if (!(await all(prepare))) return false;
  await step(fetchEngines);
  return step(engines);
}

const withArgs = (last, args) => ({ ...last, command: [...last.command, ...args] });
const [name, ...args] = process.argv.slice(2);
const commands = {
  build: () => all(prepare),
  start: () => all([...prepare, withArgs(tour, args)]),
  test: () => all([...prepare, withArgs(tests, args)]),
  bench: () => all([...prepare, withArgs(bench, args)]),
  overhead: () => all([...prepare, withArgs(overhead, args)]),
  check,
  engines: runEngines,
};
if (!Object.hasOwn(commands, name)) {
  console.error(`run.mjs: expected one of ${Object.keys(commands).join(', ')}, got ${name ?? 'nothing'}`);
  process.exit(2);
}
process.exitCode = (await commands[name]()) ? 0 : 1;
