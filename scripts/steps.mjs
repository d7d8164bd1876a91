/*
 * Runs commands as visible steps: a heading that says what runs, the command's own output, the time it took.
 */
import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

/*
 * Where install scripts are off, the `pnpm` that npx puts on the PATH is a shell script without a first line, which turbo
 * cannot execute. The pnpm that runs this script names its own binary: its directory goes first.
 */
const pnpm = process.env.npm_execpath ?? '';
if (/[\\/]pnpm(\.exe)?$/.test(pnpm)) process.env.PATH = `${dirname(pnpm)}${delimiter}${process.env.PATH}`;

/** Runs a command in the repository's root; resolves to its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
      ...options,
    });
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Runs one `{ title, command: [program, ...args] }`; resolves to whether it succeeded. */
export async function step({ title, command }) {
  const [program, ...args] = command;
  console.log(`\n${paint('1;36', `▸ ${title}`)}  ${paint('2', command.join(' '))}`);
  const start = performance.now();
  const code = await run(program, args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    code === 0 ? paint('32', `✓ ${title}, ${seconds} s`) : paint('31', `✗ ${title} failed after ${seconds} s`),
  );
  return code === 0;
}
