import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { UserError } from '@privatesnn/core';

/** The first 48 bits of the SHA-256, which a number holds exactly. */
export function checksum(bytes: Uint8Array): number {
  return createHash('sha256').update(bytes).digest().readUIntBE(0, 6);
}

/** Whether files are there as an exporter left them. */
export async function arePresent(
  files: readonly (readonly [file: string, checksum: unknown])[],
): Promise<boolean> {
  try {
    for (const [file, sum] of files) if (checksum(await readFile(file)) !== sum) return false;
    return true;
  } catch {
    return false;
  }
}

/**
 * Looks at what an exporter is about to write over.
 *
 * @param stage the exporter
 * @param files with whether their content is of the exporter's making
 * @throws UserError FILE_NOT_OWN where one is there and is not
 */
export async function refuseForeign(
  stage: string,
  files: readonly (readonly [
    file: string,
    isOwn: (bytes: Uint8Array, file: string) => boolean | Promise<boolean>,
  ])[],
): Promise<void> {
  for (const [file, isOwn] of files) {
    const bytes = await readFile(file).catch(absent);
    if (bytes === undefined || (await isOwn(bytes, file))) continue;
    throw new UserError(
      'configuration',
      'FILE_NOT_OWN',
      `${file} exists and was not written by "${stage}". It was left as it is.`,
      {
        hint: 'Choose another "path", or set "overwrite: true" to replace it.',
        option: 'path',
      },
    );
  }
}

/** Nothing there to be kept; what else stands in the way, writing says. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (!['ENOENT', 'ENOTDIR', 'EISDIR'].includes(error.code ?? '')) throw error;
}
