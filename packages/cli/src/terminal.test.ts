import { afterEach, expect, test, vi } from 'vitest';

import { folderWith } from './testing/folder.js';
import { startWith } from './testing/start.js';
import { terminalOf } from './terminal.js';

afterEach(() => vi.unstubAllEnvs());

test.each([undefined, false, true])('where isTTY is %s, both answers are known', (isTTY) => {
  vi.stubEnv('NO_COLOR', '');
  vi.stubEnv('TERM', 'xterm');
  const stream = { isTTY, columns: isTTY ? 100 : undefined } as unknown as NodeJS.WriteStream;
  expect(terminalOf(stream)).toEqual({
    columns: isTTY ? 100 : 80,
    colour: isTTY === true,
    live: isTTY === true,
  });
});

test('a pipe gets no colours, even where the environment asks for them', async () => {
  const folder = folderWith('steps: 1, milliseconds: 1');
  const environment = { FORCE_COLOR: '1', NO_COLOR: '', TERM: 'xterm', CI: '' };
  const texts = [];
  for (const argv of [['run', 'x.yaml'], ['status'], ['status', 'last'], ['run', 'none.yaml']]) {
    const { stdout, stderr } = await startWith(environment, folder, ...argv).ended;
    texts.push(stdout, stderr);
  }
  expect(texts.join('')).toContain('finished');
  // As it is, or as it is shown where it must not act.
  expect(texts.join('')).not.toMatch(/\u001b|␛/);
});
