import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { asideName, isAside } from '../cache/asides.js';
import { thisWriter } from '../cache/writer.js';
import { pipeline, workspace } from '../testing/workspace.js';

test('what a worker leaves half-written, that is killed while a run works, is gone at its end', async () => {
  const at = workspace({ 'x.yaml': pipeline });
  const { machine, pid } = thisWriter();
  // Of this process's number, but started at another time: gone.
  const gone = `.aside-${machine}-${pid}-1-${'0'.repeat(16)}`;
  const mine = asideName();
  const left = (folder: string) => {
    for (const name of [gone, mine]) writeFileSync(join(folder, name), 'half');
  };
  let folder = '';
  let stages = 0;
  await at.run('x.yaml', {
    observers: [
      (event) => {
        if (event.type === 'run-started') folder = event.folder;
        // The last stage: nobody writes a first time after it.
        if (event.type !== 'stage-finished' || ++stages < 9) return;
        left(folder);
        left(at.file('cache/asides'));
      },
    ],
  });
  expect(stages).toBe(9);
  for (const place of [folder, at.file('cache/asides')]) {
    expect(readdirSync(place).filter(isAside)).toEqual([mine]);
  }
});
