import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { fileKind, headOf, UserError, wrongFile } from '@privatesnn/core';

import { packedFile, unpacked, unreadable } from './files.js';
import { assertFits } from './memory.js';

/** Takes the bytes of one file as they come. */
export type Sink = (chunk: Uint8Array) => void;

/** A set of files, known by their base names: a folder, or a .tar.gz that is read without unpacking it. */
export interface Container {
  readonly path: string;
  /**
   * Goes through the files once, in any order.
   *
   * @param open says what takes a file's bytes; undefined leaves the file out. In an archive the size is what the
   *   archive claims: nothing of that size may be made before the bytes are there.
   */
  visit(open: (name: string, size: number) => Sink | undefined, signal: AbortSignal): Promise<void>;
}

/** Opens what is at a path that exists; an archive that unpacks to more than `maxMegabytes` is cut off there. */
export async function openContainer(path: string, maxMegabytes: number): Promise<Container> {
  if ((await stat(path)).isDirectory()) return folder(path);
  const kind = fileKind(headOf(path))?.id;
  if (kind === 'gzip' || kind === 'tar') return archive(path, maxMegabytes);
  throw wrongFile({
    code: 'DATASET_FILE_CORRUPT',
    file: path,
    head: headOf(path),
    expected: 'the folder of the binary version, or its .tar.gz',
    kinds: [],
    problem: 'its first bytes are those of no archive',
    hint: `Give the folder that it lies in: ${dirname(path)}.`,
    give: `Give the folder of the binary version, or its .tar.gz.`,
    ways: {
      pickle: 'This is a file of the Python version; get the binary version.',
      matlab: 'This is a file of the MATLAB version; get the binary version.',
    },
  });
}

function folder(path: string): Container {
  return {
    path,
    async visit(open, signal) {
      for (const name of (await readdir(path)).sort()) {
        const file = join(path, name);
        const entry = await stat(file).catch(() => undefined);
        if (!entry?.isFile()) continue;
        const sink = open(name, entry.size);
        if (!sink) continue;
        try {
          for await (const chunk of createReadStream(file, { signal, highWaterMark: 1 << 20 })) {
            sink(chunk as Uint8Array);
          }
        } catch (error) {
          throw (error as NodeJS.ErrnoException).syscall ? unreadable(file, error) : error;
        }
      }
    },
  };
}

function archive(path: string, maxMegabytes: number): Container {
  return {
    path,
    async visit(open, signal) {
      const { Parser } = await import('tar');
      let failure: unknown;
      let ended = false;
      const parser = new Parser({
        strict: true,
        onReadEntry(entry) {
          const sink = entry.type === 'File' ? open(basename(entry.path), entry.size) : undefined;
          if (sink) entry.on('data', sink);
          entry.resume();
        },
      });
      parser.on('error', (error: unknown) => (failure ??= broken(path, error)));
      // What follows the end of the archive is nobody's.
      parser.on('eof', () => (ended = true));
      const give = (write: () => void) => {
        try {
          write();
        } catch (error) {
          failure ??= error;
        }
        if (failure !== undefined) throw failure;
      };
      let bytes = 0;
      for await (const chunk of unpacked(await packedFile(path), signal)) {
        if (bytes === 0) assertTar(path, chunk);
        bytes += chunk.length;
        assertFits({ bytes, what: `${bytes} bytes or more`, file: path, maxMegabytes });
        give(() => parser.write(Buffer.from(chunk)));
        if (ended) return;
      }
      await new Promise<void>((resolve) => {
        for (const event of ['end', 'error']) parser.once(event, resolve);
        parser.end();
      });
      give(() => undefined);
    },
  };
}

/** Throws where an archive unpacks to something else than a tar archive: to another packed file, for one. */
function assertTar(path: string, head: Uint8Array): void {
  const kind = fileKind(head)?.id;
  if (kind === undefined || kind === 'tar') return;
  throw wrongFile({
    code: 'DATASET_FILE_CORRUPT',
    file: path,
    head,
    expected: 'a .tar.gz archive once it is unpacked',
    kinds: [],
    problem: '',
  });
}

function broken(path: string, cause: unknown): unknown {
  if (cause instanceof UserError) return cause;
  return wrongFile({
    code: 'DATASET_FILE_CORRUPT',
    file: path,
    head: headOf(path),
    expected: 'a .tar.gz archive',
    kinds: ['gzip', 'tar'],
    problem: 'it ends in the midst of a file, or what it unpacks to is no tar archive',
  });
}
