import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { UserError } from '@privatesnn/core';
import { digestOf } from '@privatesnn/testkit';

import { hdf5, nextName } from '../hdf5.js';
import { readKeras, type Container } from './read.js';

const networks = join(import.meta.dirname, 'testing', 'networks');

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-keras-damage-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array, container: Container) {
  const file = join(folder, container === 'h5' ? 'net.h5' : 'net.keras');
  await writeFile(file, bytes);
  const { ann } = await readKeras(file, container, { inputRange: [0, 1] });
  return digestOf([ann.architecture, ...Object.values(ann.parameters)]);
}

describe.each([
  ['shared.keras', 'keras'],
  ['keras3-shared.h5', 'h5'],
] as const)('%s', (name, container) => {
  it('cut off anywhere, it is refused', async () => {
    const whole = await readFile(join(networks, name));
    const lengths = fc.integer({ min: 0, max: whole.length - 1 });
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => {
        await expect(read(whole.subarray(0, length), container)).rejects.toBeInstanceOf(UserError);
      }),
      { numRuns: 60 },
    );
  });

  it('changed anywhere, it is refused or read, and a zip tells every change of what it packs', async () => {
    const whole = await readFile(join(networks, name));
    const before = await read(whole, container);
    const changes = fc.array(
      fc.record({ at: fc.nat(whole.length - 1), to: fc.integer({ min: 0, max: 255 }) }),
      { minLength: 1, maxLength: 3 },
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const bytes = Buffer.from(whole);
        for (const { at, to } of all) bytes[at] = to;
        try {
          const after = await read(bytes, container);
          if (container === 'keras') expect(after).toBe(before);
        } catch (error) {
          if ((error as Error).name === 'AssertionError') throw error;
          expect(error).toBeInstanceOf(UserError);
          refused++;
        }
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(10);
  });
});

describe('a hostile file', () => {
  /** A zip of entries that are stored as they are, whatever sizes they claim. */
  const zip = (entries: readonly { name: string; data: Buffer; claims?: number }[]) => {
    const parts: Buffer[] = [];
    const directory: Buffer[] = [];
    let at = 0;
    for (const { name, data, claims = data.length } of entries) {
      const local = Buffer.alloc(30);
      local.writeUInt32LE(0x04034b50, 0);
      local.writeUInt16LE(8, 8);
      local.writeUInt32LE(data.length, 18);
      local.writeUInt32LE(claims, 22);
      local.writeUInt16LE(name.length, 26);
      const central = Buffer.alloc(46);
      central.writeUInt32LE(0x02014b50, 0);
      central.writeUInt16LE(8, 10);
      central.writeUInt32LE(data.length, 20);
      central.writeUInt32LE(claims, 24);
      central.writeUInt16LE(name.length, 28);
      central.writeUInt32LE(at, 42);
      const called = Buffer.from(name);
      parts.push(local, called, data);
      directory.push(central, called);
      at += 30 + called.length + data.length;
    }
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(entries.length, 8);
    end.writeUInt16LE(entries.length, 10);
    end.writeUInt32LE(Buffer.concat(directory).length, 12);
    end.writeUInt32LE(at, 16);
    return Buffer.concat([...parts, ...directory, end]);
  };

  it('that claims to unpack to gigabytes is not unpacked', async () => {
    const bomb = zip([{ name: 'config.json', data: Buffer.alloc(100), claims: 4e9 }]);
    await expect(read(bomb, 'keras')).rejects.toThrow(
      /config.json claims to unpack from 100 to 4000000000 bytes/,
    );
  });

  it('without weights, or with an entry twice, is refused', async () => {
    await expect(
      read(zip([{ name: 'metadata.json', data: Buffer.alloc(0) }]), 'keras'),
    ).rejects.toThrow(/it holds no config.json/);
  });

  it('whose weights are links to other files is refused: nothing else is read', async () => {
    const { File, FS } = await hdf5();
    const name = nextName();
    FS.writeFile(name, await readFile(join(networks, 'keras3-shared.h5')));
    const file = new File(name, 'a');
    file.create_external_link('/etc/passwd', '/x', 'model_weights/away');
    file.close();
    const bytes = FS.readFile(name);
    FS.unlink(name);
    await expect(read(bytes, 'h5')).rejects.toThrow(/"model_weights\/away" is a link/);
  });

  it('of weights alone is told from a network', async () => {
    const { File, FS } = await hdf5();
    const name = nextName();
    const file = new File(name, 'w');
    file.create_group('dense');
    file.close();
    const bytes = FS.readFile(name);
    FS.unlink(name);
    await expect(read(bytes, 'h5')).rejects.toThrow(/no "model_config": it may hold weights alone/);
  });
});
