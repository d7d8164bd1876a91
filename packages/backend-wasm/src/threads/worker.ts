/**
 * What a worker runs, as source text: it is started from a string, so that no bundler has to find a file.
 * The one idea: all that a thread is told while it works are numbers in one small array, the board; modules and memory come
 * as messages, for which it leaves its loop. Must not import anything but the numbers of the board.
 */
import { HEAP } from '../scratch.ts';
import { MOST_PARTS } from './limits.ts';

/** Fields of the board, an Int32Array that all threads see. */
export const BOARD = {
  /** A number that is new for each job, above the count of parts that nobody has taken yet. Workers sleep on it. */
  state: 0,
  /** Parts that are finished. The main thread sleeps on it. */
  done: 1,
  /** Messages sent so far. */
  mail: 2,
  /** Not 0: a part has failed. */
  failed: 3,
  parts: 4,
  job: 5,
  /** What the job's function is called with. */
  values: 8,
  length: 128,
} as const;

/** Looks at the board before a worker sleeps: some 20 µs. */
const SPINS = 1000;

/** The program of a worker. Plain JavaScript of 2022. */
export const workerSource = (): string => `'use strict';
const inNode = typeof process === 'object' && process.versions && process.versions.node;
const port = inNode ? process.getBuiltinModule('node:worker_threads').parentPort : self;
let board, thread, memory;
let received = 0;
const library = new Map();
const jobs = new Map();
let functions = new Map();
let instances = new Map();

function instantiate({ module, imports }) {
  const e = { m: memory, t: thread * ${HEAP} };
  for (const name of imports) e[name] = functionOf(name);
  return new WebAssembly.Instance(module, { e }).exports;
}

function functionOf(name) {
  let known = functions.get(name);
  if (!known) functions.set(name, (known = instantiate(library.get(name)).f));
  return known;
}

function runPart(part) {
  const id = board[${BOARD.job}];
  const job = jobs.get(id);
  const value = (i) => board[${BOARD.values} + i];
  if (job.call !== undefined) {
    const step = value(1);
    const values = [Math.min(step, value(0) - part * step)];
    for (let i = 0; i < value(2); i++) values.push(value(3 + 2 * i) + part * value(4 + 2 * i));
    functionOf(job.call)(...values);
    return;
  }
  let exported = instances.get(id);
  if (!exported) instances.set(id, (exported = instantiate(job)));
  exported[value(0) + '.' + part](value(1), value(2), value(3) + thread * value(4));
}

/** Takes parts until there is mail. */
function work() {
  let idle = 0;
  for (;;) {
    const state = Atomics.load(board, ${BOARD.state});
    if (Atomics.load(board, ${BOARD.mail}) > received) return;
    const left = state & ${MOST_PARTS};
    if (left === 0) {
      if (++idle > ${SPINS}) Atomics.wait(board, ${BOARD.state}, state);
      continue;
    }
    idle = 0;
    if (Atomics.compareExchange(board, ${BOARD.state}, state, state - 1) !== state) continue;
    const parts = board[${BOARD.parts}];
    try {
      runPart(left - 1);
    } catch {
      Atomics.store(board, ${BOARD.failed}, 1);
    }
    if (Atomics.add(board, ${BOARD.done}, 1) === parts - 1) Atomics.notify(board, ${BOARD.done});
  }
}

function take(message) {
  if (message.board) {
    ({ board, thread } = message);
    port.postMessage('ready');
    return work();
  }
  received++;
  for (const [name, entry] of message.functions || []) library.set(name, entry);
  if (message.job) jobs.set(message.id, message.job);
  if (message.drop !== undefined) {
    jobs.delete(message.drop);
    instances.delete(message.drop);
  }
  if ('memory' in message) {
    memory = message.memory;
    functions = new Map();
    instances = new Map();
  }
  if (received >= Atomics.load(board, ${BOARD.mail})) work();
}

if (inNode) port.on('message', take);
else port.onmessage = (event) => take(event.data);
`;
