import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The most bytes of a package.json that are read. */
export const packageFileLimit = 10_000_000;

/** Why a path is not read although something is there. */
export class NotReadable extends Error {
  override readonly name = 'NotReadable';
  readonly code: 'NOT_A_FILE' | 'TOO_LARGE';

  constructor(code: 'NOT_A_FILE' | 'TOO_LARGE', message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The bytes of a small ordinary file. Devices, pipes and sockets are never read, nor what only looks like a file: those
 * of /proc say that they are empty, and some have no end.
 *
 * @param limit the most bytes that it may have
 * @throws NotReadable, or what the file system says
 */
export function readOrdinary(path: string, limit: number): Buffer {
  // Opening a pipe would wait for its writer.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) {
      throw new NotReadable('NOT_A_FILE', `${path} is ${kindOf(stat)}, not an ordinary file`);
    }
    if (stat.size > limit) throw tooLarge(path, stat.size, limit);
    // A byte more than it says, to see that it ends there.
    const bytes = Buffer.alloc(stat.size + 1);
    let length = 0;
    for (;;) {
      const read = readSync(file, bytes, length, bytes.length - length, null);
      if (read === 0) return bytes.subarray(0, length);
      length += read;
      if (length > stat.size) {
        throw new NotReadable('NOT_A_FILE', `${path} has no fixed size: it is no ordinary file`);
      }
    }
  } finally {
    closeSync(file);
  }
}

function tooLarge(path: string, size: number, limit: number): NotReadable {
  return new NotReadable('TOO_LARGE', `${path} has ${size} bytes; at most ${limit} are read`);
}

function kindOf(stat: ReturnType<typeof fstatSync>): string {
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a pipe';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}
