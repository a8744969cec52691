// Compiles the kernels to kernels.wasm and dense.wasm with the clang of a pinned npm package, the same bytes
// everywhere.
//
//   node build-wasm.mjs           writes the files
//   node build-wasm.mjs --check   exits 1 if a file is not what the sources give
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { layoutDigest, layoutSection } from '../src/fast/layout-digest.js';

const folder = dirname(fileURLToPath(import.meta.url));

if (!existsSync(join(folder, 'node_modules/@yowasp/clang'))) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  execFileSync(
    npm,
    ['install', '--no-workspaces', '--no-audit', '--no-fund', '--no-package-lock'],
    {
      cwd: folder,
      stdio: 'inherit',
    },
  );
}
const { runLLVM } = await import('@yowasp/clang');

const sources = {};
for (const name of readdirSync(folder)) {
  if (/\.[ch]$/.test(name) && name !== 'napi.c')
    sources[name] = readFileSync(join(folder, name), 'utf8');
}
const options = { fetchProgress() {} };
const compileFlags =
  '--target=wasm32 -nostdlib -ffreestanding -std=c11 -O3 -fno-strict-aliasing -msimd128 -mbulk-memory -Wall -Wextra ' +
  '-Wno-unused-parameter -fno-delete-null-pointer-checks -fvisibility=hidden';
const linkFlags = '--no-entry --export=run --export=__heap_base --import-memory --strip-all';
// The dense kernels' memory is shared by all threads, so that each needs a stack of its own.
const modules = [
  { name: 'kernels', compile: '', link: '--stack-first' },
  {
    name: 'dense',
    compile: '-matomics -mmutable-globals',
    link: '--shared-memory --max-memory=4294967296 --export=__stack_pointer',
  },
];

for (const { name, compile, link } of modules) {
  const bytes = await build(name, `${compileFlags} ${compile}`, `${linkFlags} ${link}`);
  const output = join(folder, `${name}.wasm`);
  if (!process.argv.includes('--check')) {
    writeFileSync(output, bytes);
    console.log(`${name}.wasm: ${bytes.length} bytes`);
  } else if (!existsSync(output) || !bytes.equals(readFileSync(output))) {
    console.error(`${name}.wasm is not what the sources give: run node build-wasm.mjs`);
    process.exitCode = 1;
  }
}

async function build(name, compileOptions, linkOptions) {
  const words = (command) => command.split(' ').filter(Boolean);
  const compiled = await runLLVM(
    words(`clang ${compileOptions} -c ${name}.c -o ${name}.o`),
    sources,
    options,
  );
  const linked = await runLLVM(
    words(`wasm-ld ${linkOptions} ${name}.o -o ${name}.wasm`),
    { [`${name}.o`]: compiled[`${name}.o`] },
    options,
  );
  return Buffer.concat([linked[`${name}.wasm`], customSection(layoutSection, layoutDigest)]);
}

/** A custom section of fewer than 128 bytes, as lengths are one byte each. */
function customSection(name, text) {
  const content = Buffer.from(`${String.fromCharCode(name.length)}${name}${text}`);
  return Buffer.from([0, content.length, ...content]);
}
