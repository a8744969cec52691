import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { UserError } from '@privatesnn/core';

/** Takes the bytes of one file as they come. */
export type Sink = (chunk: Uint8Array) => void;

/** A set of files, known by their base names: a folder, or a .tar.gz that is read without unpacking it. */
export interface Container {
  readonly path: string;
  /**
   * Goes through the files once, in any order.
   *
   * @param open says what takes a file's bytes; undefined leaves the file out
   */
  visit(open: (name: string, size: number) => Sink | undefined, signal: AbortSignal): Promise<void>;
}

/** Opens what is at a path that exists. */
export async function openContainer(path: string): Promise<Container> {
  return (await stat(path)).isDirectory() ? folder(path) : archive(path);
}

function folder(path: string): Container {
  return {
    path,
    async visit(open, signal) {
      for (const name of (await readdir(path)).sort()) {
        const file = join(path, name);
        const entry = await stat(file);
        if (!entry.isFile()) continue;
        const sink = open(name, entry.size);
        if (!sink) continue;
        for await (const chunk of createReadStream(file, { signal, highWaterMark: 1 << 20 })) {
          sink(chunk as Uint8Array);
        }
      }
    },
  };
}

function archive(path: string): Container {
  return {
    path,
    async visit(open, signal) {
      const { list } = await import('tar');
      let failure: unknown;
      const visiting = list({
        file: path,
        strict: true,
        onReadEntry(entry) {
          if (entry.type !== 'File' || failure !== undefined) return;
          const sink = open(basename(entry.path), entry.size);
          if (!sink) return;
          entry.on('data', (chunk: Buffer) => {
            if (failure !== undefined) return;
            try {
              signal.throwIfAborted();
              sink(chunk);
            } catch (error) {
              failure = error;
            }
          });
        },
      });
      await visiting.catch((cause: unknown) => {
        throw new UserError(
          'data',
          'DATASET_FILE_CORRUPT',
          `${path} is not a whole .tar.gz archive (${cause instanceof Error ? cause.message : String(cause)}).`,
          {
            hint: 'The file is truncated or damaged; fetch it again.',
            place: { file: path },
            cause,
          },
        );
      });
      if (failure !== undefined) throw failure;
    },
  };
}
