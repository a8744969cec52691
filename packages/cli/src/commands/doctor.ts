import { cacheLocation } from '@privatesnn/core';

import { byteSize, count } from '../progress/format.js';
import { say, sayJson } from '../terminal.js';
import { measureSpeeds, speedTables } from './doctor-bench.js';

/** Prints what this machine has, and what it lacks; with `bench` how fast it is, which is measured. */
export async function printDoctor({
  json,
  bench,
}: {
  json: boolean;
  bench: boolean;
}): Promise<void> {
  const [{ chooseRuntime, describeMachine }, { engineInfo }] = await Promise.all([
    import('@privatesnn/runtime-tfjs'),
    import('@privatesnn/spiking'),
  ]);
  const machine = await describeMachine();
  const engines = engineInfo();
  const speeds = bench ? await measureSpeeds() : undefined;
  const { id, reason } = chooseRuntime();
  if (json) {
    sayJson({ ...machine, tensors: { id, reason }, engines, cache: cacheLocation(), speeds });
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
        : `no: ${tensorFlow.reason}`,
    ],
    ['ANNs run on', `${id === 'tensorflow' ? 'TensorFlow' : 'the embedded engine'}: ${reason}`],
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
  if (speeds) say(process.stdout, `\n${speedTables(speeds)}`);
}
