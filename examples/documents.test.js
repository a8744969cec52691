/** Documents say what is true: quoted code stands in its file, links lead somewhere, the examples are valid. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const read = (file) => readFileSync(join(root, file), 'utf8');

/** Prettier lays out a piece differently than the whole file. */
const bare = (code) => code.replace(/\s+/g, '').replace(/,([)\]}])/g, '$1');

const documents = [
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...['packages', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/README.md`),
  ),
  'CONTRIBUTING.md',
].filter((file) => existsSync(join(root, file)));

describe.each(documents)('%s', (document) => {
  const text = read(document);

  it('quotes what stands in the files', () => {
    for (const [, file, code] of text.matchAll(/^```\w+ file=(\S+)\n(.*?)^```/gms)) {
      expect(bare(read(file)), `${document} quotes ${file}:\n${code}`).toContain(bare(code));
    }
  });

  it('has links that lead somewhere', () => {
    const prose = text.replace(/^```.*?^```/gms, '');
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
    const missing = targets.filter(
      (target) =>
        !/^(https?:|#)/.test(target) &&
        !existsSync(resolve(root, dirname(document), target.replace(/#.*/, ''))),
    );
    expect(missing).toEqual([]);
  });
});

it.each(['my-plugin/experiment', 'one-file/experiment', 'experiment-file/sweep'])(
  '%s.yaml is valid',
  (name) => {
    const loader = join(root, 'packages/core/src/testing/typescript-loader.js');
    const command = join(root, 'packages/cli/src/testing/cli.ts');
    const output = execFileSync(
      process.execPath,
      ['-C', '@privatesnn/source', '--import', loader, command, 'validate', `${name}.yaml`],
      { cwd: import.meta.dirname, encoding: 'utf8' },
    );
    expect(output).toContain('is valid');
  },
);
