import { mkdir, readdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { nodeHeaders } from './node-headers.mjs';
import { lastLines, run } from './run.mjs';

/**
 * The shared libraries in a tensorflow-cpu wheel export the C interface that tfjs-node's binding calls. Which
 * Python the wheel is for does not matter.
 */
const libraries = {
  linux: [
    { file: 'libtensorflow_cc.so.2', link: 'libtensorflow.so' },
    { file: 'libtensorflow_framework.so.2', link: 'libtensorflow_framework.so' },
  ],
  darwin: [
    { file: 'libtensorflow_cc.2.dylib', link: 'libtensorflow.dylib' },
    { file: 'libtensorflow_framework.2.dylib', link: 'libtensorflow_framework.dylib' },
  ],
};

// The binding includes headers from these folders only; the whole tree has 13,000.
const extract = `
import sys, zipfile
wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        header = name.startswith('tensorflow/include/') and name.endswith('.h')
        if header and any(part in name for part in ('/c/', '/platform/', '/absl/')) or name.startswith('tensorflow/libtensorflow'):
            archive.extract(name, target)
`;

/**
 * Downloads the wheel with pip (or takes it from the folder that PRIVATESNN_WHEELS names), and builds tfjs-node's
 * binding against the libraries in it.
 *
 * @returns {Promise<string | undefined>} what went wrong, if anything did
 */
export async function buildFromWheel({ folder, scratch, log, signal }) {
  const files = libraries[process.platform];
  if (!files) return `wheels for ${process.platform} hold no library that could be used`;
  const headers = nodeHeaders();
  if (!headers) return "Node's header node_api.h was not found";
  const python = await findPython(signal);
  if (!python) return 'there is no python3 with pip';
  const compiler = process.env.CXX ?? 'c++';
  if (!(await run(compiler, ['--version'], { signal })).ok) {
    return `there is no C++ compiler (${compiler})`;
  }

  const { wheel, problem } = await download({ python, scratch, signal });
  if (!wheel) return problem;
  log(`  ${wheel.split('/').at(-1)}`);
  const unpacked = await run(python, ['-c', extract, wheel, scratch], { signal });
  if (!unpacked.ok) return unpacked.output;

  const lib = join(scratch, 'deps', 'lib');
  await mkdir(lib, { recursive: true });
  for (const { file, link } of files) {
    await rename(join(scratch, 'tensorflow', file), join(lib, file));
    await symlink(file, join(lib, link));
  }
  log("  building tfjs-node's binding ...");
  const binding = join(scratch, 'tfjs_binding.node');
  const include = join(scratch, 'tensorflow', 'include');
  const quiet = await buildQuiet({ compiler, include, lib, signal });
  const built = await run(
    compiler,
    compilerArguments({ folder, include, headers, lib, binding, quiet }),
    { signal },
  );
  if (!built.ok) return built.output;

  // The newest Node-API version that tfjs-node knows; the folder is where it looks.
  const nodeApi = Math.min(8, Number(process.versions.napi));
  const place = join(folder, 'lib', `napi-v${nodeApi}`);
  await mkdir(place, { recursive: true });
  await rename(join(scratch, 'deps'), join(folder, 'deps'));
  await rename(binding, join(place, 'tfjs_binding.node'));
  return undefined;
}

/** @returns whether the library that quiets TensorFlow's log could be built; the rest works without it */
async function buildQuiet({ compiler, include, lib, signal }) {
  if (process.platform !== 'linux') return false;
  const source = fileURLToPath(new URL('quiet.cc', import.meta.url));
  const target = join(lib, 'libquiet.so');
  const args = [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    '-w',
    `-I${include}`,
    source,
    '-o',
    target,
  ];
  return (await run(compiler, args, { signal })).ok;
}

function compilerArguments({ folder, include, headers, lib, binding, quiet }) {
  const mac = process.platform === 'darwin';
  return [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    '-w',
    `-DNAPI_VERSION=${Math.min(8, Number(process.versions.napi))}`,
    `-I${headers}`,
    `-I${folder}`,
    `-I${include}`,
    join(folder, 'binding', 'tfjs_backend.cc'),
    join(folder, 'binding', 'tfjs_binding.cc'),
    '-o',
    binding,
    `-L${lib}`,
    '-ltensorflow',
    '-ltensorflow_framework',
    // The last library is the first to be initialised.
    ...(quiet ? ['-Wl,--no-as-needed', '-lquiet'] : []),
    `-Wl,-rpath,${mac ? '@loader_path' : '$ORIGIN'}/../../deps/lib`,
    ...(mac ? ['-undefined', 'dynamic_lookup'] : []),
  ];
}

async function findPython(signal) {
  for (const python of [process.env.PYTHON, 'python3', 'python'].filter(Boolean)) {
    if ((await run(python, ['-m', 'pip', '--version'], { signal })).ok) return python;
  }
  return undefined;
}

async function download({ python, scratch, signal }) {
  const wheels = process.env.PRIVATESNN_WHEELS;
  const common = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--quiet'];
  const options = [
    '--disable-pip-version-check',
    ...(wheels ? ['--no-index', '--find-links', wheels] : ['--timeout', '15', '--retries', '1']),
    '--dest',
    scratch,
    'tensorflow-cpu',
  ];
  const problems = [];
  // A Python newer than TensorFlow has no wheel; then the one for 3.12 serves.
  for (const version of [[], ['--python-version', '3.12']]) {
    const { ok, output } = await run(python, [...common, ...version, ...options], {
      seconds: 1200,
      signal,
    });
    const name = ok && (await readdir(scratch)).find((file) => file.endsWith('.whl'));
    if (name) return { wheel: join(scratch, name) };
    problems.push(lastLines(output, 2));
    signal.throwIfAborted();
  }
  return { problem: problems.join('\n') };
}
