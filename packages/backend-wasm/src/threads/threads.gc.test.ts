import { expect, test, vi } from 'vitest';
import { threadedBackend } from '../wasm.ts';
import { type Start, starter } from './start.ts';

const { gc } = globalThis as unknown as { gc: () => void };

test('a backend that is gone ends its workers; one of which only a function is left does not', async () => {
  const ended = vi.fn<() => void>();
  const start: Start = (source, listener) => {
    const helper = starter()!(source, listener);
    return { ...helper, end: () => (ended(), helper.end()) };
  };
  const collect = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  let stats: (() => unknown) | undefined = (await threadedBackend({}, 3, start)).stats;
  await collect();
  expect(ended).not.toHaveBeenCalled();
  expect(stats()).toBeDefined();
  stats = undefined;
  await collect();
  expect(ended).toHaveBeenCalledTimes(2);
});
