import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const kernels = fileURLToPath(new URL('../../kernels/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

describe('compiled kernels', () => {
  // The compiler is 101 MB; build-wasm.mjs installs it.
  it.skipIf(!existsSync(join(kernels, 'node_modules')))(
    'in WebAssembly are what their sources give',
    () => {
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(kernels, 'build-wasm.mjs'), '--check'],
        { encoding: 'utf8' },
      );
      expect(stderr).toBe('');
      expect(status).toBe(0);
    },
  );

  it.skipIf(!hasSanitizers()).each(['baseline', 'avx2', 'avx512'])(
    'for %s pass the address and undefined-behaviour sanitizers',
    (instructions) => {
      const require = createRequire(import.meta.url);
      const manifest = require.resolve('vitest/package.json');
      const { bin } = require(manifest) as { bin: { vitest: string } };
      const vitest = [process.execPath, join(dirname(manifest), bin.vitest), 'run'];
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(kernels, 'run-sanitized.mjs'), ...vitest, 'src/fast', 'src/dense'],
        { cwd: root, encoding: 'utf8', env: { ...process.env, PRIVATESNN_SIMD: instructions } },
      );
      expect(stdout + stderr).not.toMatch(/runtime error|AddressSanitizer/);
      expect(status, stdout + stderr).toBe(0);
    },
  );
});

/** Linux with gcc. */
function hasSanitizers(): boolean {
  if (process.platform !== 'linux') return false;
  const { stdout } = spawnSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' });
  return (stdout ?? '').startsWith('/');
}
