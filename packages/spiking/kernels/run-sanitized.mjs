// Runs a command with native kernels that end the process when they touch what is beyond a buffer, or do what C leaves
// undefined: gcc's address and undefined-behaviour sanitizers, and fences between the buffers of a heap
// (src/fast/guarded-heap.js). On Linux, with gcc.
//
//   node run-sanitized.mjs npx vitest run src/fast/graph.test.ts
//   PRIVATESNN_SIMD=avx2 node run-sanitized.mjs npx privatesnn run experiments/quickstart.yaml
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { layoutDigest } from '../src/fast/layout-digest.js';
import { sourceDigest } from '../src/fast/source-digest.js';

const [command, ...args] = process.argv.slice(2);
if (!command) {
  console.error('Usage: node run-sanitized.mjs COMMAND [ARGUMENT ...]');
  process.exit(2);
}

/** Node has to load these first, as it is not built with them itself. */
const libraries = ['libasan.so', 'libubsan.so'].map((name) => {
  const { stdout } = spawnSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' });
  const file = stdout?.trim() ?? '';
  if (file.startsWith('/')) return file;
  console.error(`The sanitizers need gcc with ${name}: on Debian, apt-get install gcc.`);
  process.exit(1);
});

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, 'native');
const name = `sanitized-${sourceDigest(new URL('.', import.meta.url))}-${layoutDigest}.node`;
if (!existsSync(join(folder, name))) {
  for (const old of existsSync(folder) ? readdirSync(folder) : []) {
    if (old.startsWith('sanitized-')) rmSync(join(folder, old));
  }
  const flags = '--flags=-fsanitize=address,undefined -fno-sanitize-recover=undefined -g1';
  const build = [join(here, 'build-native.mjs'), '--output', join(folder, name), flags];
  execFileSync(process.execPath, build, {
    env: { ...process.env, CC: 'gcc' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

const { status, signal } = spawnSync(command, args, {
  stdio: 'inherit',
  env: {
    ...process.env,
    LD_PRELOAD: libraries.join(':'),
    // Node has leaks of its own, and V8 handles the faults of WebAssembly.
    ASAN_OPTIONS: 'detect_leaks=0:handle_segv=0',
    PRIVATESNN_ENGINE: 'native',
    PRIVATESNN_NATIVE_FILE: join(folder, name),
  },
});
if (signal) console.error(`${command} was ended by ${signal}.`);
process.exit(status ?? 1);
