import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  const sanitizers = process.platform === 'linux' ? sanitizerLibraries() : [];
  it.skipIf(sanitizers.length === 0)('pass the address and undefined-behaviour sanitizers', () => {
    const folder = mkdtempSync(join(tmpdir(), 'privatesnn-sanitized-'));
    try {
      const file = join(folder, 'kernels.node');
      const flags = '--flags=-fsanitize=address,undefined -fno-sanitize-recover=undefined -g1';
      execFileSync(process.execPath, [join(kernels, 'build-native.mjs'), '--output', file, flags]);
      const { bin } = createRequire(import.meta.url)('vitest/package.json') as {
        bin: { vitest: string };
      };
      const vitest = createRequire(import.meta.url).resolve('vitest/package.json');
      for (const instructions of ['baseline', 'avx2', 'avx512']) {
        const { status, stdout, stderr } = spawnSync(
          process.execPath,
          [
            join(vitest, '..', bin.vitest),
            'run',
            'src/fast/adaptive.test.ts',
            'src/fast/bounds.test.ts',
            'src/fast/engine.test.ts',
          ],
          {
            cwd: root,
            encoding: 'utf8',
            env: {
              ...process.env,
              LD_PRELOAD: sanitizers.join(':'),
              // Node has leaks of its own, and V8 handles the faults of WebAssembly.
              ASAN_OPTIONS: 'detect_leaks=0:handle_segv=0',
              PRIVATESNN_NATIVE_FILE: file,
              PRIVATESNN_SIMD: instructions,
            },
          },
        );
        expect(stdout + stderr).not.toMatch(/runtime error|AddressSanitizer/);
        expect(status, stdout + stderr).toBe(0);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** The sanitizers' libraries, which Node has to load first; none without gcc. */
function sanitizerLibraries(): string[] {
  const found = ['libasan.so', 'libubsan.so'].map((name) => {
    const { stdout } = spawnSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' });
    return (stdout ?? '').trim();
  });
  return found.every((file) => file.startsWith('/')) ? found : [];
}
