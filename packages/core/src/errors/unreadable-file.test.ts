import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { UserError } from '../contracts/error.js';
import { workspace } from '../testing/workspace.js';
import { nearestFile } from './nearest-file.js';
import { aboutOption, unreadableFile } from './unreadable-file.js';

async function reading(path: string) {
  const cause: unknown = await readFile(path).catch((error: unknown) => error);
  return unreadableFile({ code: 'X_MISSING', what: 'model', path, hint: 'Check it.', cause });
}

test('a missing file comes with the nearest name and without what the system said', async () => {
  const at = workspace({ 'm.safetensors': '', 'm.json': '' });
  const error = await reading(at.file('m.safetensor'));
  expect(error).toMatchObject({
    code: 'X_MISSING',
    message: `There is no model at ${at.file('m.safetensor')}.`,
    hint: 'Did you mean "m.safetensors"?',
  });
  expect(error.cause).toBeUndefined();
  expect((await reading(at.file('zebra'))).hint).toBe('Check it.');
});

test('the first missing part of a path is compared', () => {
  const at = workspace({ file: '' });
  mkdirSync(at.file('models/vgg'), { recursive: true });
  expect(nearestFile(at.file('modls/vgg/x'))).toBe('models');
  expect(nearestFile(at.file('models/vg/x'))).toBe('vgg');
  expect(nearestFile(at.file('file/vgg'))).toBeUndefined();
});

test('what is there and cannot be read says why', async () => {
  const at = workspace();
  const error = await reading(at.folder);
  expect(error.message).toBe(`Cannot read the model ${at.folder}.`);
  expect(error.cause).toMatchObject({ code: 'EISDIR' });
});

test('errors about files become errors about the option; others stay as they are', async () => {
  const place = { file: '/model' };
  const inFile = new UserError('data', 'DAMAGED', 'Damaged.', { hint: 'Fetch it again.', place });
  const about = (error: Error) => aboutOption('path', () => Promise.reject(error));
  await expect(about(inFile)).rejects.toMatchObject({
    code: 'DAMAGED',
    message: 'Damaged.',
    hint: 'Fetch it again.',
    option: 'path',
    place,
  });
  const other = new UserError('run', 'DIVERGED', 'Diverged.');
  await expect(about(other)).rejects.toBe(other);
  const defect = new Error('defect');
  await expect(about(defect)).rejects.toBe(defect);
  await expect(aboutOption('path', () => Promise.resolve(1))).resolves.toBe(1);
});
