import { createServer, type Server } from 'node:http';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { download, verifySha256 } from './download.js';

let server: Server;
let address: string;
let folder: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/endless') {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(1000)));
      };
      response.on('drain', more);
      more();
    } else if (request.url === '/good' || request.url === '/bad')
      response.end(request.url.slice(1));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-download-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const fetchFrom = (paths: readonly string[]) =>
  download({
    urls: paths.map((path) => address + path),
    target: join(folder, 'inner', 'file'),
    maxBytes: 100,
    verify: async (path) => {
      if ((await readFile(path, 'utf8')) !== 'good') throw new Error('wrong content');
    },
    hint: 'Copy the file.',
    signal: new AbortController().signal,
  });

describe('download', () => {
  it('is checked by SHA-256', async () => {
    await fetchFrom(['/good']);
    const file = join(folder, 'inner', 'file');
    // printf good | sha256sum
    const digest = '770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c';
    await expect(verifySha256(file, digest)).resolves.toBeUndefined();
    await expect(verifySha256(file, 'ab')).rejects.toThrow(`is ${digest}, not ab`);
  });

  it('goes on to the next address until the content is right', async () => {
    await fetchFrom(['/missing', '/bad', '/endless', '/good']);
    expect(await readFile(join(folder, 'inner', 'file'), 'utf8')).toBe('good');
    expect(await readdir(join(folder, 'inner'))).toEqual(['file']);
  });

  it('leaves nothing behind when no address is right, and says why each failed', async () => {
    await expect(fetchFrom(['/missing', '/bad'])).rejects.toMatchObject({
      code: 'DATASET_DOWNLOAD',
      hint: 'Copy the file.',
      message: expect.stringMatching(/HTTP status 404[^]*wrong content/) as string,
    });
    expect(await readdir(join(folder, 'inner'))).toEqual([]);
  });
});
