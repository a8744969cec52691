import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { lastLines, run } from './run.mjs';
import { buildFromWheel } from './wheel.mjs';

const tools = dirname(fileURLToPath(import.meta.url));
const repository = join(tools, '..', '..');
const user = join(repository, 'packages', 'runtime-tfjs', 'package.json');

/**
 * Provides TensorFlow's native library for tfjs-node: finds it, has upstream's own install download it, or takes
 * it from the tensorflow-cpu wheel. Leaves either a library that was seen working or none.
 *
 * @param {{ log: (line: string) => void, signal: AbortSignal }} options
 * @returns {Promise<boolean>} whether TensorFlow works
 */
export async function provideTensorFlow({ log, signal }) {
  const folder = packageFolder();
  if (!folder) {
    log(
      'TensorFlow: @tensorflow/tfjs-node is not installed (run `npm install` with optional ones).',
    );
    return false;
  }
  await removeLeftovers(folder);
  const present = await workingVersion(signal);
  if (present.version) {
    log(`TensorFlow: ${present.version} is installed and works.`);
    return true;
  }
  const ways = [
    { name: "upstream's download", source: "upstream's libtensorflow", provide: installUpstream },
    {
      name: 'the tensorflow-cpu wheel',
      source: 'from the tensorflow-cpu wheel',
      provide: buildFromWheel,
    },
  ];
  for (const { name, source, provide } of ways) {
    log(`TensorFlow: trying ${name} ...`);
    const scratch = await mkdtemp(join(folder, '.setup-'));
    try {
      await clear(folder);
      const problem = await provide({ folder, scratch, log, signal });
      signal.throwIfAborted();
      const { version, output } = problem ? { output: problem } : await workingVersion(signal);
      if (version) {
        const note = JSON.stringify({ version, source });
        await writeFile(join(folder, 'deps', 'provided.json'), `${note}\n`);
        log(`TensorFlow: ${version} works (${source}).`);
        return true;
      }
      await clear(folder);
      log(`  not this way:\n${lastLines(output)}`);
    } catch (error) {
      await clear(folder);
      throw error;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  return false;
}

function packageFolder() {
  try {
    return dirname(createRequire(user).resolve('@tensorflow/tfjs-node/package.json'));
  } catch {
    return undefined;
  }
}

async function workingVersion(signal) {
  const env = { TF_CPP_MIN_LOG_LEVEL: '2' };
  const check = join(tools, 'check-tensorflow.mjs');
  const { ok, stdout, output } = await run(process.execPath, [check, user], {
    env,
    seconds: 120,
    signal,
  });
  return ok
    ? { version: JSON.parse(stdout.trim().split('\n').at(-1)).version, output }
    : { output };
}

/** Removes what an attempt put in place. */
async function clear(folder) {
  for (const part of ['deps', 'lib', 'build', 'build-tmp-napi-v8']) {
    await rm(join(folder, part), { recursive: true, force: true });
  }
}

/** Removes the scratch folders of a setup that was killed. */
async function removeLeftovers(folder) {
  for (const name of await readdir(folder)) {
    if (name.startsWith('.setup-')) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** tfjs-node's own install script: downloads libtensorflow, then downloads or builds the binding. */
async function installUpstream({ folder, scratch, signal }) {
  const host =
    process.env.TFJS_NODE_BASE_URI ??
    process.env.TFJS_NODE_CDN_STORAGE ??
    process.env.CDN_STORAGE ??
    'https://storage.googleapis.com/';
  // Behind a proxy, which fetch does not use, upstream's script finds out for itself.
  if (!process.env.HTTPS_PROXY && !process.env.https_proxy && !(await reachable(host, signal))) {
    return `${new URL(host).host} cannot be reached`;
  }
  // The script rewrites its package.json while it works, and puts it back only where it succeeds.
  const original = join(folder, 'package.json');
  const copy = join(scratch, 'package.json');
  await cp(original, copy);
  const bin = join(repository, 'node_modules', '.bin');
  const { ok, output } = await run(process.execPath, [join('scripts', 'install.js')], {
    cwd: folder,
    env: { PATH: `${bin}${delimiter}${process.env.PATH}` },
    seconds: 600,
    signal,
  });
  if (!ok) await cp(copy, original);
  if (!ok || !existsSync(join(folder, 'lib'))) return output;
  return undefined;
}

async function reachable(url, signal) {
  try {
    await fetch(url, {
      method: 'HEAD',
      signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]),
    });
    return true;
  } catch {
    return false;
  }
}
