// Measures what it takes to import a network from an ONNX file: save-onnx writes one of random weights, and pretrained
// reads it in a process of its own, three times.
//
//   npm run bench:import -- [--megabytes 100] [--write docs/stages/pretrained.md]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import models from '@privatesnn/plugins-models';

import { randomParameters } from './networks.mjs';
import { machineLine, markdownTable, writePart } from './page.mjs';
import { peakBytes } from './peak-bytes.mjs';

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '100' },
    write: { type: 'string' },
    only: { type: 'string' },
  },
});
const context = {
  signal: new AbortController().signal,
  resolvePath: (path) => path,
  // What onnxruntime would be asked about, where it is installed.
  random: () => ({ uniform: () => 0.5 }),
  info() {},
  warn() {},
};

if (values.only) console.log(JSON.stringify(await importOf(values.only)));
else await measure();

/** A stage of the package's, by its id. */
function stage(id, options, services = {}) {
  const found = models.stages.find((one) => one.id === id);
  return found.create(services, found.options.parse(options));
}

/** Reads a file; the memory is what this process grew by. */
async function importOf(path) {
  const before = peakBytes();
  const start = performance.now();
  const { ann } = await stage('pretrained', { path, inputRange: [0, 1] }).run(context, {});
  const seconds = (performance.now() - start) / 1000;
  const numbers = Object.values(ann.parameters).reduce((sum, { data }) => sum + data.length, 0);
  return { seconds, bytes: peakBytes() - before, numbers };
}

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'import-'));
  const path = join(folder, 'net.onnx');
  try {
    await stage('save-onnx', { path }).run(context, {
      network: randomAnn(Number(values.megabytes)),
    });
    const size = statSync(path).size;
    const runs = Array.from({ length: 3 }, () => {
      const args = [fileURLToPath(import.meta.url), '--only', path];
      return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    });
    const seconds = Math.min(...runs.map((run) => run.seconds));
    const bytes = Math.max(...runs.map((run) => run.bytes));
    const table = markdownTable(
      ['file', 'parameters', 'seconds, best of 3', 'memory, most of 3', 'times the file'],
      [
        [
          `${Math.round(size / 1e6)} MB`,
          `${(runs[0].numbers / 1e6).toFixed(1)} million`,
          seconds.toFixed(1),
          `${Math.round(bytes / 1e6)} MB`,
          (bytes / size).toFixed(1),
        ],
      ],
    );
    console.log(table);
    if (values.write) writePart(values.write, 'import', `${table}\n\n${machineLine()}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Convolutions of 512 channels, as many as fit into so many megabytes. */
function randomAnn(megabytes) {
  const layers = [];
  const conv = { kind: 'conv', kernel: 3, stride: 1, padding: 1, bias: false };
  for (let bytes = 0, inChannels = 3; bytes < megabytes * 1e6; inChannels = 512) {
    layers.push({ ...conv, name: `conv${layers.length + 1}`, inChannels, outChannels: 512 });
    bytes += 4 * 9 * inChannels * 512;
  }
  layers.push(
    { kind: 'average-pool', size: 8 },
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 512, outputs: 10, bias: false },
  );
  const architecture = { name: 'random', inputShape: [8, 8, 3], classes: 10, layers };
  return {
    ...{ type: 'ann', architecture, parameters: randomParameters(architecture) },
    ...{ inputRange: [0, 1], classNames: Array.from({ length: 10 }, (_, i) => String(i)) },
  };
}
