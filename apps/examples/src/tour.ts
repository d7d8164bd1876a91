/* The tour of npm start: four programs, each shown as its file has it, then run. Each also runs by itself. */
import { readFileSync } from 'node:fs';

const stops = [
  { file: 'scalar-source.ts', title: 'A scalar source', run: () => import('./scalar-source.ts') },
  { file: 'tensor-source.ts', title: 'A tensor source', run: () => import('./tensor-source.ts') },
  {
    file: 'batch-jacobian.ts',
    title: 'A batch of examples through a network',
    run: () => import('./batch-jacobian.ts'),
  },
  { file: 'robot-arm.ts', title: 'Real work: a robot arm', run: () => import('./robot-arm.ts') },
];

const colour = process.stdout.isTTY && !process.env['NO_COLOR'];
const paint = (code: string, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

/** A program's text without its header. */
function source(file: string): string {
  const text = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
  return text.replace(/^\/\*.*\*\/\n/, '').trimEnd();
}

console.log(paint('1', 'Jacobi: Jacobians of scalar, vector and tensor functions'));
for (const [i, { file, title, run }] of stops.entries()) {
  console.log(`\n${paint('1;36', `${i + 1}. ${title}`)}  ${paint('2', `apps/examples/src/${file}`)}\n`);
  console.log(paint('2', source(file).replace(/^/gm, '  │ ').replace(/ +$/gm, '')));
  console.log();
  await run();
}
console.log(
  `\n${paint('1', 'Each program runs by itself, too:')} node apps/examples/dist/robot-arm.js. More: README.md, ARCHITECTURE.md.`,
);
