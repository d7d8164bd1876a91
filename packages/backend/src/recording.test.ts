import { fullCpuBackend } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { Sketch, upload } from './conformance-kit.ts';
import type { Plan } from './kernel.ts';
import { recordingBackend, withoutSyncRead } from './recording.ts';

/** A plan that copies two elements. */
function copy(): Plan {
  const sketch = new Sketch();
  const [x, y] = [sketch.input(Float32Array.of(1, 2)), sketch.output('float32', 2)];
  const [from, to] = [x, y].map((slot) => ({ slot, offset: 0, strides: [1] }));
  return sketch.step({ kind: 'map', shape: [2], inputs: [from!], output: to!, body: [] }).case('copy').plan;
}

describe('a recording backend', () => {
  test('keeps plans and counts runs, and computes as the one inside', async () => {
    const backend = recordingBackend(fullCpuBackend());
    const [first, second] = [copy(), copy()];
    const executables = [backend.compile(first), backend.compile(second)];
    const [x, y] = [upload(backend, Float32Array.of(1, 2)), upload(backend, new Float32Array(2))];
    backend.run(executables[0]!, [x], [y]);
    backend.run(executables[0]!, [x], [y]);
    expect(backend.plans).toEqual([first, second]);
    expect([backend.runs(), backend.runs(first), backend.runs(second)]).toEqual([2, 2, 0]);
    expect(backend.stats()).toMatchObject({ compiles: 2, runs: 2 });
    expect([...(await backend.read(y))]).toEqual([1, 2]);
    expect([...backend.readSync!(y)]).toEqual([1, 2]);
    backend.reset();
    expect([backend.plans.length, backend.runs()]).toEqual([0, 0]);
  });

  test('has readSync only if the one inside has', () => {
    expect('readSync' in recordingBackend(withoutSyncRead(fullCpuBackend()))).toBe(false);
    expect('readSync' in recordingBackend(fullCpuBackend())).toBe(true);
  });
});

describe('a backend without readSync', () => {
  test('says so, and answers reads after other tasks', async () => {
    const backend = withoutSyncRead(fullCpuBackend());
    expect(['readSync' in backend, backend.traits.syncRead]).toEqual([false, false]);
    const buffer = upload(backend, Float32Array.of(3));
    let answered = false;
    const reading = backend.read(buffer).then((data) => {
      answered = true;
      return data;
    });
    for (let i = 0; i < 10; i++) await Promise.resolve();
    expect(answered).toBe(false);
    expect([...(await reading)]).toEqual([3]);
  });
});
