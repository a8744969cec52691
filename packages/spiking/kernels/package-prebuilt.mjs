// Lays out the package of prebuilt native kernels for this machine's platform, ready for `npm publish`:
// @privatesnn/spiking-<platform>-<arch>, with -musl where that is the C library.
//
//   node package-prebuilt.mjs --output FOLDER [--file KERNELS.node]
//
// Without --file the kernels are built here.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { sourceDigest } from '../src/fast/source-digest.js';

const folder = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { output: { type: 'string' }, file: { type: 'string' } } });
if (!values.output) {
  console.error('Usage: node package-prebuilt.mjs --output FOLDER [--file KERNELS.node]');
  process.exit(2);
}

const { platform, arch } = process;
const glibc = platform === 'linux' ? process.report.getReport().header.glibcVersionRuntime : '';
const isMusl = platform === 'linux' && !glibc;
const engine = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8'));
const name = `@privatesnn/spiking-${platform}-${arch}${isMusl ? '-musl' : ''}`;
const output = resolve(values.output);
const kernels = join(output, 'kernels.node');
const licence = [join(folder, '..', 'LICENSE'), join(folder, '../../../LICENSE')].find(existsSync);

mkdirSync(output, { recursive: true });
if (values.file) {
  copyFileSync(values.file, kernels);
} else {
  const script = join(folder, 'build-native.mjs');
  execFileSync(process.execPath, [script, '--output', kernels], { stdio: 'inherit' });
}
if (!existsSync(kernels)) {
  console.error('There is no C compiler here: nothing to pack.');
  process.exit(1);
}
const { sources, variants } = createRequire(import.meta.url)(kernels);
if (sources !== sourceDigest(new URL('.', import.meta.url))) {
  console.error(
    `${values.file} was built from other sources; leave --file out to build them here.`,
  );
  process.exit(1);
}

copyFileSync(licence, join(output, 'LICENSE'));
write('package.json', `${JSON.stringify(manifest(), null, 2)}\n`);
write('README.md', readme());
console.log(`${name} ${engine.version}: ${output}`);

function manifest() {
  return {
    name,
    version: engine.version,
    description: `Prebuilt kernels of ${engine.name} for ${platform} on ${arch}.`,
    license: engine.license,
    engines: engine.engines,
    os: [platform],
    cpu: [arch],
    ...(platform === 'linux' ? { libc: [isMusl ? 'musl' : 'glibc'] } : {}),
    main: './kernels.node',
    files: ['kernels.node'],
    publishConfig: { access: 'public' },
  };
}

function readme() {
  const library = platform === 'linux' ? `, ${isMusl ? 'musl' : `built with glibc ${glibc}`}` : '';
  return `# ${name}

The native kernels of \`${engine.name}\` ${engine.version} for ${platform} on ${arch}${library}. The engine installs this
package where it fits, and finds it by its name; there is nothing to call. Kernels of another version than the
engine's are refused.

- Instruction sets of the machine it was packed on: ${variants.join(', ')}; the best that a processor has is used.
- Digest of the sources: ${sources}
`;
}

function write(file, text) {
  writeFileSync(join(output, file), text);
}
