import { cacheLocation } from '@privatesnn/core';

import { byteSize, count } from '../progress/format.js';
import { say, sayJson } from '../terminal.js';

/** Prints what this machine has, and what it lacks. */
export async function printDoctor(json: boolean): Promise<void> {
  const [{ describeMachine }, { engineInfo }] = await Promise.all([
    import('@privatesnn/runtime-tfjs'),
    import('@privatesnn/spiking'),
  ]);
  const machine = await describeMachine();
  const engines = engineInfo();
  if (json) {
    const report = { ...machine, engines, cache: cacheLocation() };
    sayJson(report);
    return;
  }
  const { tensorFlow, kernels, memory } = machine;
  const rows: [string, string][] = [
    ['Node', `${machine.node} (${machine.platform})`],
    ['processor', machine.processor],
    ['cores', `${machine.cores}; the engines use ${count(machine.threads, 'thread')}`],
    ['memory', `${byteSize(memory.total)}, ${byteSize(memory.free)} free`],
    ['free disk', byteSize(machine.freeDisk)],
    [
      'TensorFlow',
      tensorFlow.present
        ? `${tensorFlow.version} (${tensorFlow.source})`
        : `no: ${tensorFlow.reason}. The embedded engine computes instead.`,
    ],
    [
      'kernels',
      `${kernels.kind} (${kernels.instructions})${kernels.whyNotNative ? `; not native: ${kernels.whyNotNative}` : ''}`,
    ],
    ...engines.map(({ implementation, available, detail }): [string, string] => [
      `engine ${implementation}`,
      available ? detail : `no: ${detail}`,
    ]),
    ['cache', cacheLocation()],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  say(process.stdout, rows.map(([name, text]) => `${name.padEnd(width)}${text}\n`).join(''));
}
