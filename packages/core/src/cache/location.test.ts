import { join, resolve } from 'node:path';

import { fc, test } from '@fast-check/vitest';
import { afterEach, expect, vi } from 'vitest';

import { cacheLocation, isAddress, locationFrom, locationSeenFrom } from './location.js';

afterEach(() => vi.unstubAllEnvs());

const part = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{1,8}$/);
const address = fc
  .array(part, { minLength: 1, maxLength: 3 })
  .map((all) => `s3://${all.join('/')}`);
const folder = fc.array(part, { minLength: 1, maxLength: 3 }).map((all) => resolve('/', ...all));

test.prop([address, folder])('an address goes through unharmed', (location, run) => {
  expect(isAddress(location)).toBe(true);
  expect(cacheLocation(location, run)).toBe(location);
  expect(locationFrom(run, locationSeenFrom(run, location))).toBe(location);
  vi.stubEnv('PRIVATESNN_CACHE', location);
  expect(cacheLocation(undefined, run)).toBe(location);
});

test.prop([folder, folder])('a folder is found again from where it was seen', (location, run) => {
  expect(isAddress(location)).toBe(false);
  expect(locationFrom(run, locationSeenFrom(run, location))).toBe(location);
});

test('a folder that is named is absolute, and a drive is no scheme', () => {
  expect(cacheLocation('here')).toBe(join(process.cwd(), 'here'));
  expect(isAddress('C:\\cache')).toBe(false);
  expect(isAddress('c://cache')).toBe(false);
});
