/*
 * Child processes, all in the runner's process group: an interrupt ends them too.
 */
import { spawn } from 'node:child_process';

export interface Finished {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  /** Milliseconds from the start to the first output, and to the end. */
  readonly answered: number;
  readonly elapsed: number;
  readonly timedOut: boolean;
}

/** Libraries choose their own kernels: settings for other versions of OpenBLAS would slow them. */
function environment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _cache, ...rest } = process.env;
  return { ...rest, JAX_PLATFORMS: 'cpu', NODE_NO_WARNINGS: '1', PYTHONDONTWRITEBYTECODE: '1' };
}

/** Runs a command to its end, or kills it after `limit` milliseconds. */
export function finish(
  [program, ...args]: readonly string[],
  { limit = 600_000, cwd }: { limit?: number; cwd?: string } = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const start = performance.now();
    const child = spawn(program!, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'], ...(cwd && { cwd }) });
    const parts = { output: '', errors: '' };
    let answered = Number.NaN;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, limit);
    child.stdout.on('data', (text: Buffer) => {
      if (Number.isNaN(answered)) answered = performance.now() - start;
      parts.output += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => void (parts.errors += text.toString()));
    const done = (code: number): void => {
      clearTimeout(timer);
      resolve({ code, ...parts, answered, elapsed: performance.now() - start, timedOut });
    };
    child.on('error', (error) => {
      parts.errors += error.message;
      done(127);
    });
    child.on('close', (code) => done(code ?? 1));
  });
}

/** One line that says why a process failed. */
export function failure({ code, errors, output, timedOut }: Finished, limit: number): string {
  if (timedOut) return `took more than ${Math.round(limit / 1000)} s`;
  const lines = `${errors}\n${output}`.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.find((line) => /error|exception|abort/i.test(line)) ?? lines.at(-1) ?? 'no output';
  return `exit code ${code}: ${telling.trim().slice(0, 200)}`;
}
