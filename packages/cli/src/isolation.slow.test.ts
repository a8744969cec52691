import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { buildProgram, type Built } from './testing/built.js';
import { base, isolatedFolder, type IsolatedFolder } from './testing/isolated-folder.js';

let program: Built;
beforeAll(async () => {
  program = await buildProgram();
}, 60_000);
afterAll(() => program.remove());

const folder = (stages: string, files: Readonly<Record<string, string>> = {}) =>
  isolatedFolder(program, { 'x.yaml': `${base}${stages}`, ...files });

/** Errors without how a terminal breaks their lines. */
const flat = (text: string) => text.replace(/\s+/g, ' ');

describe('a well-behaved attacker', () => {
  const stages = `  noise: { use: noise, inputs: { ann: ann }, options: { samples: 10 } }
  convert: { use: threshold-balancing, inputs: { ann: ann, images: noise }, options: { timeSteps: 8 } }
  attack: { use: ./honest.js, inputs: { victim: convert.snn } }
goals: [attack]
`;

  test('gives isolated what it gives otherwise, under another key, and is found in the cache', async () => {
    const at = folder(stages);
    const attack = () => at.manifest().stages.find(({ stage }) => stage === 'attack')!;
    expect(await at.run('run', 'x.yaml', '--isolate')).toMatchObject({ code: 0 });
    const isolated = attack();
    expect(at.records('options')).toEqual([{ negative: true, resumed: false }]);
    const told = at.events().filter(({ stage }) => stage === 'attack');
    expect(told).toContainEqual(
      expect.objectContaining({ type: 'warning', message: 'This is an exercise.' }),
    );
    expect(await at.run('run', 'x.yaml', '--isolate')).toMatchObject({ code: 0 });
    expect(attack().cached).toBe(true);
    expect(await at.run('run', 'x.yaml')).toMatchObject({ code: 0 });
    expect(attack()).toMatchObject({ cached: false, outputs: isolated.outputs });
  });

  test('is told wrong options as otherwise, at their places', async () => {
    for (const options of ['scale: -1', 'scale: "x"', 'sclae: 1', 'scale: .nan', 'scale: [1]']) {
      const at = folder(
        stages.replace('victim: convert.snn }', `victim: convert.snn }, options: { ${options} }`),
      );
      const plain = await at.run('validate', 'x.yaml');
      expect(plain.code).toBe(2);
      expect(await at.run('validate', 'x.yaml', '--isolate')).toEqual(plain);
    }
  });
});

const hostile = (
  way: string,
) => `  attack: { use: ./hostile.js, inputs: { network: ann }, options: { way: ${way} } }
goals: [attack]
`;

describe('a stage that breaks rules ends with an error that says which', () => {
  test.each([
    ['hidden', 'BAD_ARTEFACT', 'the field "stash"'],
    ['forged', 'BAD_ARTEFACT', 'the field "stash"'],
    ['forged-port', 'BAD_ARTEFACT', '"more" is not declared'],
    ['no-file', 'ISOLATED_BAD_ANSWER', 'no such file'],
    ['no-artefact', 'ISOLATED_BAD_ANSWER', 'no answer'],
    ['babble', 'ISOLATED_BAD_ANSWER', 'cannot be read'],
    ['unknown', 'ISOLATED_BAD_ANSWER', 'no known form'],
    ['flood', 'ISOLATED_BAD_ANSWER', 'more than 1048576 bytes'],
    ['deep', 'ISOLATED_BAD_ANSWER', 'cannot be read'],
    ['read', 'ISOLATION_DENIED', 'FileSystemRead: /etc/passwd'],
    ['exit', 'STAGE_EXITED', 'exit code 0'],
    ['kill', 'STAGE_CRASHED', 'ended by SIGKILL'],
    ['throw', 'STAGE_FAILED', 'null'],
  ])('%s: %s', async (way, code, text) => {
    const at = folder(hostile(way));
    const { code: exit, stderr } = await at.run('run', 'x.yaml', '--isolate');
    expect(flat(stderr)).toContain(`[${code}]`);
    expect(flat(stderr)).toContain(text);
    expect(exit).not.toBe(0);
  });
});

const isThere = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function gone(pid: number, milliseconds: number): Promise<boolean> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(50)) {
    if (!isThere(pid)) return true;
  }
  return false;
}

/** Starts a run whose stage is in an endless loop; gives the processes of the run, of the stage and of its parent. */
async function busy(at: IsolatedFolder) {
  const child = at.start('run', 'x.yaml', '--isolate');
  let stderr = '';
  child.stderr!.on('data', (data) => (stderr += String(data)));
  const ended = new Promise<number | null>((done) => child.on('close', done));
  for (;;) {
    try {
      const [seen] = at.records('seen');
      if (seen) {
        await sleep(300);
        const { pid, parent } = seen as { pid: number; parent: number };
        return { child, ended, run: at.manifest().process, pid, parent, stderr: () => stderr };
      }
    } catch {
      // The run has no folder yet.
    }
    await sleep(50);
  }
}

describe('a stage in an endless loop', () => {
  test('is ended by Ctrl-C', async () => {
    const { child, ended, pid, stderr } = await busy(folder(hostile('busy')));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(stderr()).toContain('was interrupted');
    expect(await gone(pid, 2000)).toBe(true);
  });

  test('ends with the process that started it, and fails its stage', async () => {
    const { ended, pid, parent, stderr } = await busy(folder(hostile('busy')));
    process.kill(parent, 'SIGKILL');
    expect(await ended).not.toBe(0);
    expect(stderr()).toContain('STAGE_CRASHED');
    expect(await gone(pid, 2000)).toBe(true);
  });

  test.each(['run', 'command'])('ends with the %s', async (which) => {
    const { child, ended, run, pid } = await busy(folder(hostile('busy')));
    process.kill(which === 'run' ? run : child.pid!, 'SIGKILL');
    expect(await ended).not.toBe(0);
    expect(await gone(pid, 10_000)).toBe(true);
  });
});

describe('what cannot be isolated is refused before anything runs', () => {
  const attack = '  attack: { use: ./plugin.js, inputs: { network: ann } }\ngoals: [attack]\n';
  const stage = (more: string) => `import { defineStage, input, output } from '@privatesnn/core';
import { z } from 'zod';
export const stage = defineStage({ kind: 'attacker', id: 'plugin', version: 1, summary: 'x',
  options: z.strictObject({}), inputs: { network: input('ann', 'x') },
  outputs: { images: output('images', 'x') }, dependencies: {},
  create: () => ({ run: async () => ({}) }), ${more} });
`;
  test.each([
    [
      'a reporter',
      `${stage('')}export default { name: 'p', stages: [stage], reporters: [{ kind: 'reporter', id: 'r', version: 1, summary: 'x', options: z.strictObject({}), create: () => ({}) }] };`,
      'ISOLATED_REPORTER',
    ],
    [
      'a service',
      `${stage('')}export default { name: 'p', stages: [stage], services: [{ token: { name: 's' }, identity: () => '', create: () => 0 }] };`,
      'ISOLATED_SERVICE',
    ],
    [
      'a stage that reads files',
      `${stage("needs: () => [{ what: 'x' }]")}export default stage;`,
      'ISOLATED_STAGE_READS',
    ],
    [
      'a stage with a fingerprint',
      `${stage("create: () => ({ run: async () => ({}), fingerprint: async () => '' })")}export default stage;`,
      'ISOLATED_STAGE_READS',
    ],
    [
      'a plugin that reads while it is loaded',
      "import { readFileSync } from 'node:fs';\nexport default readFileSync('/etc/passwd');",
      'ISOLATION_DENIED',
    ],
    ['a plugin that ends its process', 'process.exit(0);', 'ISOLATED_NO_ANSWER'],
    ['a plugin that throws', "throw new Error('broken');", 'PLUGIN_LOAD'],
    ['no plugin at all', 'export default 5;', 'PLUGIN_CONTRACT'],
    [
      'an attacker with two inputs',
      `${stage("inputs: { network: input('ann', 'x'), images: input('images', 'x') }")}export default stage;`,
      'PLUGIN_CONTRACT',
    ],
    [
      'an answer that is none',
      `import { writeSync } from 'node:fs';\nwriteSync(3, '{"ok":true,"answer":{"name":"p","stages":[{}]}}');\nprocess.exit(0);`,
      'ISOLATED_BAD_ANSWER',
    ],
    [
      'options that are looked at with a file',
      `import { readFileSync } from 'node:fs';\n${stage("options: z.strictObject({ x: z.boolean().default(true).refine(() => readFileSync('/etc/passwd') && true) })")}export default stage;`,
      'OPTIONS_FAILED',
    ],
  ])('%s', async (_, plugin, code) => {
    const at = folder(attack, { 'plugin.js': plugin });
    const { code: exit, stderr } = await at.run('run', 'x.yaml', '--isolate');
    expect(stderr).toContain(`[${code}]`);
    expect(exit).not.toBe(0);
  });

  test('names that are trusted and are no plugins', async () => {
    const at = folder(`${attack}trust: [./plugins.js]\n`, {
      'plugin.js': `${stage('')}export default stage;`,
    });
    const listed = await at.run('validate', 'x.yaml', '--isolate');
    expect(flat(listed.stderr)).toContain('[UNKNOWN_TRUST] "./plugins.js" is trusted');
    const given = await at.run('validate', 'x.yaml', '--trust', './plugin.js');
    expect(given.stderr).toContain('[TRUST_WITHOUT_ISOLATE]');
  });
});
