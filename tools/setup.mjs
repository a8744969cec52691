// The setup step: builds what is faster than the parts that npm installs. All of it is optional.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { lastLines, run } from './setup/run.mjs';
import { provideTensorFlow } from './setup/tensorflow.mjs';

const help = `Usage: npm run setup -- [options]

Builds the native spiking engine (needs a C compiler) and provides TensorFlow (from upstream's own download, or
from the tensorflow-cpu wheel: needs Python 3 with pip, a C++ compiler, 900 MB of disk), then measures whether
TensorFlow is the faster one for ANNs here. Both only make things faster: whatever cannot be had is left out.
Safe to run again.

  --no-native            leave the native engine out
  --no-tensorflow        leave TensorFlow out
  --require-tensorflow   fail (exit code 1) when TensorFlow cannot be had
  --help                 print this

PRIVATESNN_WHEELS        a folder with a tensorflow_cpu wheel, to install without a network`;

const packages = join(dirname(fileURLToPath(import.meta.url)), '..', 'packages');
const log = (line) => console.log(line);
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.once('SIGTERM', () => interrupt.abort());

try {
  process.exitCode = await setup();
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  log('Interrupted; nothing half-made is left.');
  process.exitCode = 130;
}

async function setup() {
  const options = readOptions();
  if (!options) return 2;
  if (options.help) {
    log(help);
    return 0;
  }
  if (!options['no-native']) await buildNative();
  interrupt.signal.throwIfAborted();
  if (options['no-tensorflow']) return 0;
  const works = await provideTensorFlow({ log, signal: interrupt.signal });
  if (!works) {
    log(
      'TensorFlow: not available. Everything works without it, on the embedded engine. To get it, run\n' +
        '`npm run setup` again where one of these can be reached: storage.googleapis.com, or a Python package\n' +
        'index (needs python3 with pip, and a C++ compiler).',
    );
  }
  if (works) await measure();
  return works || !options['require-tensorflow'] ? 0 : 1;
}

/** Lets a measurement decide who computes: TensorFlow is slower than the native kernels on some machines. */
async function measure() {
  const tools = dirname(fileURLToPath(import.meta.url));
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const options = { cwd: join(tools, '..'), seconds: 300, signal: interrupt.signal };
  for (const args of [
    [compiler, '-b', join(packages, 'runtime-tfjs')],
    [join(tools, 'setup', 'measure.mjs')],
  ]) {
    const { ok, stdout, output } = await run(process.execPath, args, options);
    interrupt.signal.throwIfAborted();
    if (!ok) {
      log(`TensorFlow: not measured, so that the embedded engine computes.\n${lastLines(output)}`);
      return;
    }
    if (stdout.trim()) log(stdout.trim());
  }
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        'no-native': { type: 'boolean' },
        'no-tensorflow': { type: 'boolean' },
        'require-tensorflow': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    return undefined;
  }
}

async function buildNative() {
  const script = join(packages, 'spiking', 'kernels', 'build-native.mjs');
  if (!existsSync(script)) return;
  const { ok, stdout, output } = await run(process.execPath, [script], {
    seconds: 600,
    signal: interrupt.signal,
  });
  if (ok) log(stdout.trim());
  else log(`Native engine: not built; the WebAssembly one is used instead.\n${lastLines(output)}`);
}
