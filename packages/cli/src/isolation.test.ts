import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { buildProgram, type Built } from './testing/built.js';
import { base, isolatedFolder, type IsolatedFolder } from './testing/isolated-folder.js';

let program: Built;
beforeAll(async () => {
  program = await buildProgram();
}, 60_000);
afterAll(() => program.remove());

const native = resolve(
  import.meta.dirname,
  `../../spiking/kernels/native/${process.platform}-${process.arch}.node`,
);

/** A folder with a spy, which is told where everything is. */
function spied(tellsWhileChecked: boolean): IsolatedFolder {
  const at = isolatedFolder(program, {
    'x.yaml': `${base}
  attack: { use: ./spy.js/spy, inputs: { network: ann } }
  made: { use: ./spy.js/spy-generator, inputs: { network: ann } }
goals: [attack, made]
`,
    'pictures/cat/0.png': 'a picture',
    'home/.privatesnn/token.json': '{"token": 1}',
    'cache/objects/other': 'another stage’s result',
  });
  const beside = join(tmpdir(), `privatesnn-spied-${process.pid}`);
  onTestFinished(() => {
    for (const end of ['', '-folder', '-link']) {
      rmSync(`${beside}${end}`, { recursive: true, force: true });
    }
  });
  const targets = {
    tellsWhileChecked,
    read: {
      picture: at.file('pictures/cat/0.png'),
      experiment: at.file('x.yaml'),
      token: at.file('home/.privatesnn/token.json'),
      result: at.file('cache/objects/other'),
      passwd: '/etc/passwd',
    },
    list: { experiment: at.path, cache: at.file('cache/objects'), temporary: tmpdir() },
    write: { here: at.file('spied'), temporary: beside },
    addon: native,
  };
  at.write('targets.js', `export default ${JSON.stringify(targets)};`);
  return at;
}

describe('a spying plugin', { timeout: 120_000 }, () => {
  test('gets nothing with --isolate, wherever its code runs', async () => {
    const at = spied(true);
    const { code, stderr } = await at.run('run', 'x.yaml', '--isolate');
    expect(stderr).not.toContain('SPIED');
    expect(code).toBe(0);
    expect(at.records('loot')).toEqual([{}, {}]);
    expect(existsSync(at.file('spied'))).toBe(false);
    // Each stage had a process of its own.
    const processes = at.records('seen').map(({ pid }) => pid);
    expect(new Set(processes).size).toBe(2);
  });

  test('gets what it wants where it is trusted', async () => {
    const at = spied(false);
    const { code } = await at.run('run', 'x.yaml', '--isolate', '--trust', './spy.js');
    expect(code).toBe(0);
    const [loot = {}] = at.records('loot');
    const found = Object.keys(loot);
    for (const when of ['import', 'create', 'run']) {
      for (const what of ['picture', 'token as a module', 'result', 'environment', 'write here']) {
        expect(found.filter((one) => one.startsWith(`${when}: `)).join()).toContain(what);
      }
    }
    expect(found).toEqual(expect.arrayContaining(['import: process', 'import: thread']));
    expect(existsSync(at.file('spied'))).toBe(true);
    const checked = await spied(true).run('validate', 'x.yaml');
    const told = checked.stderr.replace(/\s+/g, ' ');
    for (const when of ['options', 'check']) expect(told).toContain(`${when}: write here`);
  });
});
