import { closeSync, openSync, readSync, statSync } from 'node:fs';

import { UserError } from '../contracts/error.js';
import { fileKind, headBytes, type FileKindId } from './file-kind.js';

/** A file that a reader cannot use. */
export interface WrongFile {
  /** The error's code: MODEL_FILE_CORRUPT. */
  readonly code: string;
  /** How messages call the file: its path, or "archive.zip: name" for one in an archive. */
  readonly file: string;
  /** Its first bytes, {@link headBytes} or more. */
  readonly head: Uint8Array;
  /** What the reader wanted: "a safetensors file". */
  readonly expected: string;
  /** The kinds that the reader reads: a file of these that it cannot use is damaged. */
  readonly kinds: readonly FileKindId[];
  /** What the reader stumbled on, in words of its own: "its header should hold 40 bytes, but 12 are left". */
  readonly problem: string;
  /** What to do with a file of another kind that users of this reader are likely to have. */
  readonly ways?: Readonly<Partial<Record<FileKindId, string>>>;
  /** What to do with a damaged file, and with one of a kind that tells nothing. */
  readonly hint?: string;
  /** What to give instead of a file of another kind: "Give the folder of the binary version." */
  readonly give?: string;
  readonly cause?: unknown;
}

const fetchAgain = 'The file is truncated or damaged; fetch it again.';
const unpack = 'Unpack it, and give what is inside.';

/** The way out that does not depend on the reader. */
const ways: Readonly<Partial<Record<FileKindId, string>>> = {
  empty: 'A copy or a download of it failed; fetch it again.',
  zeros: 'A copy or a download of it broke off; fetch it again.',
  'lfs-pointer': 'Fetch the file that it stands for, with "git lfs pull".',
  'annex-pointer': 'Fetch the file that it stands for, with "git annex get".',
  html: 'The address gave a page (a login, an error) in place of the file; fetch the file itself.',
  xml: 'The address gave a message in place of the file; fetch the file itself.',
  gzip: unpack,
  bzip2: unpack,
  xz: unpack,
  zstd: unpack,
  '7z': unpack,
  rar: unpack,
  tar: unpack,
  zip: unpack,
};

/**
 * The error for a file that a reader cannot use: what the file is by its first bytes, and the way out. All readers of
 * files of the user's make it here, so that a web page is called a web page wherever it is given.
 */
export function wrongFile(wrong: WrongFile): UserError {
  const { code, file, head, expected, problem, cause } = wrong;
  const kind = fileKind(head);
  const place = { file };
  if (kind === undefined || wrong.kinds.includes(kind.id)) {
    const what = kind === undefined ? expected : expected.replace(/^an? /, 'a whole ');
    const message = `${file} is not ${what}: ${problem}.`;
    return new UserError('data', code, message, { hint: wrong.hint ?? fetchAgain, place, cause });
  }
  const hint = wrong.ways?.[kind.id] ?? ways[kind.id] ?? wrong.give ?? wrong.hint ?? fetchAgain;
  const verb = kind.id === 'zeros' ? 'has' : 'is';
  return new UserError('data', code, `${file} ${verb} ${kind.name}, not ${expected}.`, {
    hint,
    place,
    cause,
  });
}

/** The first bytes of an ordinary file; none where it cannot be read. */
export function headOf(path: string): Uint8Array {
  const head = new Uint8Array(headBytes);
  try {
    if (!statSync(path).isFile()) return new Uint8Array(0);
    const file = openSync(path, 'r');
    try {
      return head.subarray(0, readSync(file, head, 0, headBytes, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return new Uint8Array(0);
  }
}
