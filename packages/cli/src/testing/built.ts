import { spawn, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const repository = resolve(import.meta.dirname, '../../../..');

/** The program as it is installed: packages of plain JavaScript, which Node runs without a loader. */
export interface Built {
  /** Starts the command in a folder. */
  start(folder: string, environment: NodeJS.ProcessEnv, ...argv: readonly string[]): ChildProcess;
  /** A file of a package, e.g. to import it. */
  file(path: string): string;
  remove(): void;
}

/** Makes the program from the sources, in a temporary folder: isolated processes may load no TypeScript. */
export async function buildProgram(): Promise<Built> {
  const root = mkdtempSync(join(tmpdir(), 'privatesnn-built-'));
  const link = (target: string, path: string) => {
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  };
  const modules = join(repository, 'node_modules');
  for (const name of readdirSync(modules)) {
    if (name !== '@privatesnn' && !name.startsWith('.')) {
      link(join(modules, name), join(root, 'node_modules', name));
    }
  }
  for (const name of readdirSync(join(repository, 'packages'))) {
    const [from, to] = [join(repository, 'packages', name), join(root, 'packages', name)];
    link(to, join(root, 'node_modules', '@privatesnn', name));
    for (const entry of readdirSync(from)) {
      if (entry !== 'src' && entry !== 'dist') link(join(from, entry), join(to, entry));
    }
    rmSync(join(to, 'package.json'));
    cpSync(join(from, 'package.json'), join(to, 'package.json'));
    await build(join(from, 'src'), join(to, 'dist'));
  }
  const main = pathToFileURL(join(root, 'packages/cli/dist/main.js')).href;
  const bin = join(root, 'privatesnn.mjs');
  const text = `process.removeAllListeners('warning');
const { main } = await import(${JSON.stringify(main)});
await main(process.argv.slice(2));`;
  writeFileSync(bin, text);
  return {
    start: (folder, environment, ...argv) =>
      spawn(process.execPath, [bin, ...argv], {
        cwd: folder,
        env: { ...process.env, ...environment },
      }),
    file: (path) => join(root, path),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

async function build(from: string, to: string): Promise<void> {
  const { transpiled } = (await import(
    pathToFileURL(join(repository, 'packages/core/src/testing/transpile.js')).href
  )) as { transpiled: (text: string) => Promise<string> };
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const target = join(to, path.slice(from.length + 1));
    if (!entry.isFile() || /\.test\.[jt]s$|\/testing\//.test(path)) continue;
    mkdirSync(dirname(target), { recursive: true });
    if (!path.endsWith('.ts')) cpSync(path, target);
    else {
      writeFileSync(target.replace(/\.ts$/, '.js'), await transpiled(readFileSync(path, 'utf8')));
    }
  }
}
