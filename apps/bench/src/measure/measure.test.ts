/* Statistics, the protocol, and the loop that times. */
import { expect, test } from 'vitest';
import { measure } from './harness.ts';
import { type Job, jobWords, readJob, readReports } from './protocol.ts';
import { duration, median, slope } from './statistics.ts';

test('median', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('slope finds the exponent', () => {
  expect(slope([1, 10, 100].map((n) => ({ n, time: 3 * n ** 1.5 })))).toBeCloseTo(1.5, 10);
});

test.each([
  [0.1234, '123 ns'],
  [1.5, '1.5 µs'],
  [1234.5, '1.23 ms'],
  [123_456, '123 ms'],
  [12_345_678, '12.3 s'],
])('duration of %d µs', (us, text) => {
  expect(duration(us)).toBe(text);
});

test('a job survives the command line', () => {
  const job: Job = {
    mode: 'time',
    program: 'arm',
    dtype: 'float64',
    input: '/somewhere/arm7',
    result: '/somewhere/r',
    idiom: 'vmap jvp = fast',
    warm: 1,
    batch: 2,
    limit: 3,
    batches: 4,
  };
  expect(readJob([...jobWords(job), 'backend=cpu']).job).toMatchObject(job);
  expect(readJob([...jobWords(job), 'backend=cpu']).options['backend']).toBe('cpu');
});

test('reports are found among what libraries print', () => {
  const report = { idiom: 'tile', dtype: 'float32', times: [1] } as const;
  expect(readReports(`Hi there!\n${JSON.stringify(report)}\n{"other":1}\n`)).toEqual([report]);
});

test('calls are counted: the first, two and more to warm up, then batches', () => {
  let calls = 0;
  const call = (): number[][] => [[calls++]];
  const { first, times } = measure(call, { warm: 1, batch: 1, limit: 50, batches: 3 });
  expect(first).toBeGreaterThanOrEqual(0);
  expect(times).toHaveLength(3);
  expect(calls).toBeGreaterThan(5);
});
