// Compiles the kernels to kernels.wasm with the clang of a pinned npm package, the same bytes everywhere.
//
//   node build-wasm.mjs           writes kernels.wasm
//   node build-wasm.mjs --check   exits 1 if kernels.wasm is not what the sources give
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(folder, 'kernels.wasm');

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
const compile =
  'clang --target=wasm32 -nostdlib -ffreestanding -std=c11 -O3 -msimd128 -mbulk-memory -Wall -Wextra -Wno-unused-parameter ' +
  '-fno-delete-null-pointer-checks -fvisibility=hidden -c kernels.c -o kernels.o';
const link =
  'wasm-ld --no-entry --export=run --export=__heap_base --import-memory --stack-first ' +
  '--strip-all kernels.o -o kernels.wasm';
const objects = await runLLVM(compile.split(' '), sources, options);
const linked = await runLLVM(link.split(' '), { 'kernels.o': objects['kernels.o'] }, options);
const bytes = Buffer.from(linked['kernels.wasm']);

if (process.argv.includes('--check')) {
  if (!existsSync(output) || !bytes.equals(readFileSync(output))) {
    console.error('kernels.wasm is not what the sources give: run node build-wasm.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(output, bytes);
  console.log(`kernels.wasm: ${bytes.length} bytes`);
}
