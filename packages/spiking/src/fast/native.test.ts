import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findNative, nativeWorks, packageNames } from './native.js';

const spiking = fileURLToPath(new URL('../../', import.meta.url));
const current = nativeWorks(findNative) ? findNative().file : undefined;

let modules: string;
const at = (...parts: string[]): string => join(modules, '@privatesnn', ...parts);
const builtFile = (): string =>
  at('spiking', 'kernels', 'native', `${process.platform}-${process.arch}.node`);

/** An installation of the package as npm makes it: sources and kernels, nothing built. */
beforeEach(() => {
  modules = join(mkdtempSync(join(tmpdir(), 'privatesnn-installed-')), 'node_modules');
  cpSync(join(spiking, 'src'), at('spiking', 'src'), { recursive: true });
  cpSync(join(spiking, 'kernels'), at('spiking', 'kernels'), {
    recursive: true,
    filter: (file) => !/native$|node_modules/.test(file.slice(spiking.length)),
  });
  cpSync(join(spiking, 'package.json'), at('spiking', 'package.json'));
});
afterEach(() => rmSync(join(modules, '..'), { recursive: true, force: true }));

/** What the installation's loader finds, in a process of its own. */
function load(): { kind: string; dense: string; file?: string; error?: string; stderr: string } {
  const script = `
    import { loadKernels } from ${JSON.stringify(at('spiking', 'src/fast/kernels.js'))};
    import { findNative } from ${JSON.stringify(at('spiking', 'src/fast/native.js'))};
    import { setUpDense } from ${JSON.stringify(at('spiking', 'src/dense/kernels.js'))};
    const found = { kind: loadKernels().kind, dense: setUpDense().kind };
    try {
      found.file = findNative().file;
    } catch (error) {
      found.error = error.message;
    }
    console.log(JSON.stringify(found));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { encoding: 'utf8', env: { ...process.env, PRIVATESNN_NATIVE_FILE: '' } },
  );
  return { ...(JSON.parse(stdout) as ReturnType<typeof load>), stderr };
}

function pack(folder: string): void {
  execFileSync(process.execPath, [
    join(spiking, 'kernels', 'package-prebuilt.mjs'),
    ...['--output', folder, '--file', current!],
  ]);
}

describe('native kernels', () => {
  it('are not looked for further where there are none', () => {
    expect(load()).toMatchObject({
      kind: 'wasm',
      dense: 'wasm',
      error: expect.stringMatching(/^they are not built here; `npm run setup`/) as string,
      stderr: '',
    });
  });

  it.skipIf(!current)('are found as a package, laid out ready to publish', () => {
    const folder = join(modules, '..', 'packed');
    pack(folder);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string;
    };
    expect(packageNames()).toContain(manifest.name);
    expect(manifest).toMatchObject({ os: [process.platform], cpu: [process.arch] });
    for (const file of ['README.md', 'LICENSE', 'kernels.node']) {
      expect(existsSync(join(folder, file))).toBe(true);
    }
    const installed = join(modules, manifest.name);
    cpSync(folder, installed, { recursive: true });
    expect(load()).toMatchObject({
      kind: 'native',
      dense: 'native',
      file: join(installed, 'kernels.node'),
      stderr: '',
    });
    // What was built here comes first.
    mkdirSync(join(builtFile(), '..'));
    cpSync(current!, builtFile());
    expect(load().file).toBe(builtFile());
  });

  it.skipIf(!current)('of other sources are refused with one warning', () => {
    mkdirSync(join(builtFile(), '..'));
    cpSync(current!, builtFile());
    expect(load().kind).toBe('native');
    appendFileSync(at('spiking', 'kernels', 'abi.h'), '// other\n');
    const { kind, dense, error, stderr } = load();
    expect([kind, dense]).toEqual(['wasm', 'wasm']);
    expect(error).toMatch(/was built from other sources .*`npm run setup`/);
    expect(stderr.match(/STALE_KERNELS/g)).toHaveLength(1);
    expect(stderr).toMatch(/`npm run setup`\. WebAssembly is used instead\./);
    // Asked for, they are an error.
    const script = `import { loadNative } from ${JSON.stringify(at('spiking', 'src/fast/kernels.js'))}; loadNative();`;
    const asked = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
      env: { ...process.env, PRIVATESNN_NATIVE_FILE: '' },
    });
    expect(asked).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('StaleKernelsError') as string,
    });
  });

  it.skipIf(!current)('of a package that fits are used beside others that do not', () => {
    mkdirSync(join(builtFile(), '..'));
    writeFileSync(builtFile(), 'not a library');
    pack(join(modules, packageNames()[0]!));
    expect(load()).toMatchObject({ kind: 'native', stderr: '' });
  });
});
