/*
 * Runs before every test file. A library warning that a test did not ask for fails that test: a test that expects one
 * replaces console.warn with a spy of its own (`vi.spyOn(console, 'warn').mockImplementation(() => {})`).
 */
import { createCpuBackend } from '@jacobi/backend-cpu';
import { setDebug, setDefaultBackend } from '@jacobi/tensor';
import { afterEach, beforeEach } from 'vitest';

let unexpected: string[] = [];
let original: typeof console.warn;

beforeEach(() => {
  unexpected = [];
  original = console.warn;
  console.warn = (...data: unknown[]) => {
    unexpected.push(data.map(String).join(' '));
  };
});

afterEach(() => {
  console.warn = original;
  if (unexpected.length > 0) throw new Error(`unexpected console.warn:\n${unexpected.join('\n')}`);
});

// Every program is checked after each pass.
setDebug(true);

// A device with lanes: small programs of jit and prepareJacobian become straight lines, as they do where code is made.
const cpu = createCpuBackend();
setDefaultBackend({ ...cpu, traits: { ...cpu.traits, simdLanes: 4 } });
