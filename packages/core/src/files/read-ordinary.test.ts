import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fc, test } from '@fast-check/vitest';
import { afterAll, expect } from 'vitest';

import { readOrdinary } from './read-ordinary.js';

const folder = mkdtempSync(join(tmpdir(), 'privatesnn-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'file');

test.prop([fc.uint8Array({ maxLength: 300 }), fc.nat(300)])(
  'a file within the limit is read as it is, a larger one is not read',
  (bytes, limit) => {
    writeFileSync(path, bytes);
    if (bytes.length <= limit) expect(readOrdinary(path, limit)).toEqual(Buffer.from(bytes));
    else expect(() => readOrdinary(path, limit)).toThrow(`has ${bytes.length} bytes`);
  },
);

test.skipIf(process.platform === 'win32')(
  'a pipe without a writer is refused, not waited for',
  () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(() => readOrdinary(pipe, 100)).toThrow('is a pipe');
  },
);

test.skipIf(process.platform === 'win32')('a socket and a folder are refused', async () => {
  const socket = join(folder, 'socket');
  const server = createServer().listen(socket);
  await new Promise((done) => server.once('listening', done));
  expect(() => readOrdinary(socket, 100)).toThrow();
  server.close();
  expect(() => readOrdinary(folder, 100)).toThrow('is a folder');
});

test.each([
  '/dev/full',
  '/dev/zero',
  '/dev/null',
  '/dev/stdin',
  '/proc/self/maps',
  '/proc/cpuinfo',
])('%s is refused', (file) => {
  if (existsSync(file)) expect(() => readOrdinary(file, 1_000_000)).toThrow();
});
