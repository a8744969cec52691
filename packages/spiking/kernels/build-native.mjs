// Compiles the kernels to native/<platform>-<arch>.node with the machine's C compiler, once for each instruction
// set; without a compiler it says so and ends well, as the WebAssembly kernels always work.
//
//   node build-native.mjs [--output FILE] [--flags="-fsanitize=address -g"]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { layoutDigest } from '../src/fast/layout-digest.js';
import { sourceDigest } from '../src/fast/source-digest.js';

const folder = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { output: { type: 'string' }, flags: { type: 'string', default: '' } },
});
const output = values.output ?? join(folder, 'native', `${process.platform}-${process.arch}.node`);

/** Instruction sets by architecture: the suffix of `run_`, the compiler's flags, the macro that napi.c looks at. */
const variants = {
  x64: [
    ['baseline', []],
    ['avx2', ['-mavx2', '-mfma']],
    ['avx512', ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx2', '-mfma']],
  ],
}[process.arch] ?? [['baseline', []]];

function findCompiler() {
  for (const name of [process.env.CC, 'cc', 'clang', 'gcc']) {
    if (!name) continue;
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return name;
    } catch {
      // not there: the next
    }
  }
  return undefined;
}

const compiler = process.platform === 'win32' ? undefined : findCompiler();
if (!compiler) {
  console.log('native kernels: no C compiler found; the WebAssembly kernels will be used');
  process.exit(0);
}

const headers = createRequire(import.meta.url)('node-api-headers').include_dir;
mkdirSync(dirname(output), { recursive: true });
const work = mkdtempSync(join(dirname(output), '.build-'));
try {
  const flags = [
    ...'-std=gnu11 -O3 -fno-strict-aliasing -fPIC -fvisibility=hidden -Wall -Wextra -Wno-unused-parameter'.split(
      ' ',
    ),
    ...values.flags.split(' ').filter(Boolean),
  ];
  const objects = variants.flatMap(([name, instructions]) =>
    ['kernels', 'dense'].map((unit) => {
      const object = join(work, `${unit}-${name}.o`);
      compile([
        ...flags,
        ...instructions,
        `-DRUN=run_${name}`,
        `-DDENSE=dense_${name}`,
        '-c',
        join(folder, `${unit}.c`),
        '-o',
        object,
      ]);
      return object;
    }),
  );
  const defines = variants.map(([name]) => `-DWITH_${name.toUpperCase()}`);
  defines.push(`-DSOURCES="${sourceDigest(new URL('.', import.meta.url))}"`);
  defines.push(`-DLAYOUTS="${layoutDigest}"`);
  const shared =
    process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  const temporary = join(work, 'kernels.node');
  compile([
    ...flags,
    ...defines,
    `-I${headers}`,
    ...shared,
    join(folder, 'napi.c'),
    ...objects,
    '-lm',
    '-o',
    temporary,
  ]);
  renameSync(temporary, output);
  console.log(`native kernels: ${output}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function compile(args) {
  execFileSync(compiler, args, { stdio: 'inherit' });
}
