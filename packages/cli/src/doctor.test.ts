import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { folderWith } from './testing/folder.js';
import { startWith } from './testing/start.js';

test('doctor tells of native kernels that were built from other sources', async () => {
  const folder = folderWith();
  const file = join(folder, 'kernels.cjs');
  writeFileSync(file, 'module.exports = { sources: "0123", variants: ["baseline"] };');
  const { code, stdout } = await startWith({ PRIVATESNN_NATIVE_FILE: file }, folder, 'doctor')
    .ended;
  expect(code).toBe(0);
  const why =
    /kernels\.cjs was built from other sources \(0123, not [0-9a-f]{16}\); .*`npm run setup`/;
  expect(stdout).toMatch(new RegExp(`^kernels +wasm .*not native: .*${why.source}`, 'm'));
  expect(stdout).toMatch(new RegExp(`^engine native +no: .*${why.source}`, 'm'));
});
