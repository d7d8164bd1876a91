/*
 * The last line of .ci/run: node scripts/summary.mjs <report.json> <exit codes of npm test, npm run check and npm run
 * engines>.
 * Prints `N passed, N failed` and exits with 1 unless everything passed.
 */
import { existsSync, readFileSync } from 'node:fs';

const [path, testCode, ...codes] = process.argv.slice(2);
const empty = { numPassedTests: 0, numFailedTests: 0, testResults: [] };
const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : empty;

const broken = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length;
let failed = report.numFailedTests + broken;
if (testCode !== '0' && failed === 0) failed += 1;
const steps = ['check', 'engines'].filter((_, i) => codes[i] !== '0');
failed += steps.length;
if (report.numPassedTests === 0 && failed === 0) failed += 1;
if (report.numFailedTests > 0 || broken > 0)
  console.log(`npm test: ${report.numFailedTests} failed, ${broken} files did not load`);
else if (testCode !== '0') console.log(`npm test: exit code ${testCode}`);
for (const name of steps) console.log(`npm run ${name}: failed`);
console.log(`\n${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
