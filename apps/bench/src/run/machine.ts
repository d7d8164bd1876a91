/* What this machine is, for whoever reads numbers. */
import { cpus, platform, release, totalmem } from 'node:os';
import type { Machine } from '../report/results.ts';

export function thisMachine(): Machine {
  const all = cpus();
  return {
    processor: (all[0]?.model ?? 'unknown').replace(/\s+/g, ' ').replace(/ (\d+-Core )?Processor$/, ''),
    cores: all.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release().split('.').slice(0, 2).join('.')}`,
  };
}

/** One line: `2 cores of an AMD EPYC, 24 GiB, linux 6.1`. */
export const describeMachine = ({ processor, cores, memory, system }: Machine): string =>
  `${cores} ${cores === 1 ? 'core' : 'cores'} of ${processor}, ${memory}, ${system}`;
