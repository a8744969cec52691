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

/** As if the engine's JavaScript were built from sources of which the kernels are not: two fields change places. */
function changeLayouts(): void {
  const file = at('spiking', 'src/fast/kernel-layouts.js');
  const text = readFileSync(file, 'utf8');
  const changed = text.replace("int('from', 'to', 'bytes')", "int('to', 'from', 'bytes')");
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
}

/** How a process ends that runs this as a module. */
function run(script: string): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { encoding: 'utf8', env: { ...process.env, PRIVATESNN_NATIVE_FILE: '' } },
  );
  return { status, stderr };
}

describe('kernels and JavaScript of different versions', () => {
  const importing = (names: string, from: string): string =>
    `import { ${names} } from ${JSON.stringify(at('spiking', from))};`;

  it.each([
    ['loadWasm', 'src/fast/kernels.js', 'kernels.wasm'],
    ['setUpDense', 'src/dense/kernels.js', 'dense.wasm'],
  ])('are refused by %s', (load, from, file) => {
    const script = `${importing(load, from)} ${load}('wasm');`;
    expect(run(script)).toEqual({ status: 0, stderr: '' });
    changeLayouts();
    const { status, stderr } = run(script);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      `Error: kernels/${file} and the JavaScript of the engine are of different versions`,
    );
    expect(stderr).toContain('build again with `npm run build`');
  });

  it.skipIf(!current)('are refused where the C sources are the same', () => {
    mkdirSync(join(builtFile(), '..'));
    cpSync(current!, builtFile());
    const script = `${importing('loadNative', 'src/fast/kernels.js')} loadNative();`;
    expect(run(script)).toEqual({ status: 0, stderr: '' });
    changeLayouts();
    const { status, stderr } = run(script);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /StaleKernelsError: .* and the JavaScript of the engine are of different/,
    );
    expect(stderr).toContain('build both again with `npm run build` and `npm run setup`');
  });

  it('are refused by a thread that has read what was built while the process ran', () => {
    const script = `
      ${importing('layoutDigest', 'src/fast/layout-digest.js')}
      import { Worker } from 'node:worker_threads';
      import { readFileSync, writeFileSync } from 'node:fs';
      const workerData = { kind: 'wasm', layouts: layoutDigest };
      const end = async () => {
        const worker = new Worker(${JSON.stringify(at('spiking', 'src/fast/worker.js'))}, { workerData, execArgv: [] });
        worker.once('online', () => worker.postMessage({ id: 0, task: 'release' }));
        return new Promise((resolve) => {
          worker.once('message', () => worker.terminate().then(() => resolve('works')));
          worker.once('error', ({ message }) => resolve(message));
        });
      };
      const before = await end();
      if (before !== 'works') throw new Error(before);
      const file = ${JSON.stringify(at('spiking', 'src/fast/kernel-layouts.js'))};
      writeFileSync(file, readFileSync(file, 'utf8').replace("'from', 'to', 'bytes'", "'to', 'from', 'bytes'"));
      throw new Error(await end());`;
    expect(run(script).stderr).toMatch(
      /Error: its code is of another version than that of the process .* start it again/,
    );
  });
});
