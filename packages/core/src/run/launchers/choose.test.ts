import { expect, test } from 'vitest';

import type { UserErrorList } from '../../errors/error-list.js';
import { workspace } from '../../testing/workspace.js';
import { chooseLauncher } from './choose.js';

const plugin = `
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
export default { name: 'mine', launchers: [{
  kind: 'launcher', id: 'rack', version: 1, summary: 'A rack.', open: () => undefined,
  options: z.strictObject({ slots: z.int().default(4) }),
}] };
`;

const site = (launcher: string) => {
  const at = workspace({ 'mine.mjs': plugin, 'rack.yaml': launcher });
  const search = { bundled: './mine.mjs', moduleBase: at.folder };
  return { at, choose: () => chooseLauncher(at.file('rack.yaml'), search) };
};

test('options have their defaults', async () => {
  expect((await site('use: rack\n').choose()).options).toEqual({ slots: 4 });
});

test('a launcher file names a launcher and its options; its plugin is found from the file', async () => {
  const { choose } = site('use: rack\nplugin: ./mine.mjs\noptions: { slots: 9 }\n');
  const { definition, options } = await choose();
  expect(definition.id).toBe('rack');
  expect(options).toEqual({ slots: 9 });
});

test.each<[string, string, object]>([
  ['an unknown launcher', 'use: rak\n', { code: 'UNKNOWN_LAUNCHER', place: { line: 1 } }],
  ['no launcher', 'options: {}\n', { place: { line: 1 } }],
  ['a key of nothing', 'use: rack\nslots: 2\n', { place: { line: 2 } }],
  ['an unknown option', 'use: rack\noptions:\n  slot: 2\n', { place: { line: 3 } }],
  ['a plugin that is not there', 'use: rack\nplugin: ./no.mjs\n', { place: { line: 2 } }],
  ['no map', '- rack\n', { errorClass: 'configuration' }],
])('%s is an error at its place', async (_, text, expected) => {
  const error = (await site(text)
    .choose()
    .catch((thrown: unknown) => thrown)) as UserErrorList;
  const one = (error.errors as unknown[] | undefined)?.[0] ?? error;
  expect(one).toMatchObject(expected);
});

test('a file that is not there is told, with what is expected', async () => {
  const at = workspace();
  const search = { bundled: './mine.mjs', moduleBase: at.folder };
  await expect(chooseLauncher(at.file('none.yaml'), search)).rejects.toMatchObject({
    code: 'LAUNCHER_FILE_MISSING',
  });
  await expect(chooseLauncher(at.folder, search)).rejects.toMatchObject({
    code: 'LAUNCHER_FILE_MISSING',
  });
});
