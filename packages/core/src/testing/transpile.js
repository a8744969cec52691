import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = join(tmpdir(), 'privatesnn-transpiled');

/** The JavaScript of a source; kept, for the compiler takes longer to load than most tests take to run. */
export async function transpiled(text) {
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
