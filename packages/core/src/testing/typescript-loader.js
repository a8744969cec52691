/**
 * Lets a child process of a test run the packages' TypeScript sources:
 * node -C @privatesnn/source --import <this file> program.ts
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

const folder = join(tmpdir(), 'privatesnn-transpiled');

export async function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && specifier.endsWith('.js')) {
    try {
      return await next(specifier.replace(/\.js$/, '.ts'), context);
    } catch {
      return next(specifier, context);
    }
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const text = await readFile(fileURLToPath(url), 'utf8');
  return { format: 'module', source: await transpiled(text), shortCircuit: true };
}

/** The JavaScript of a source; kept, for the compiler takes longer to load than most tests take to run. */
async function transpiled(text) {
  const file = join(folder, `${createHash('sha256').update(text).digest('hex')}.js`);
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known;
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.${process.pid}`, outputText);
  await rename(`${file}.${process.pid}`, file);
  return outputText;
}
