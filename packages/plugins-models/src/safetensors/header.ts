import type { UserError } from '@privatesnn/core';
import { z } from 'zod';

import { parseJson } from '../strict-json.js';
import { notSafetensors } from '../wrong-model-file.js';

/** One tensor's line in the header. */
export interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte, and the one after the last, counted from the header's end. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Where the tensors begin in the file. */
  readonly start: number;
}

/** The reference implementation refuses longer headers. */
const maxHeaderBytes = 100_000_000;

/** Bits of one element of every type that the format has. */
const bitsOf: ReadonlyMap<string, number> = new Map([
  ...['F4'].map((name) => [name, 4] as const),
  ...['F6_E2M3', 'F6_E3M2'].map((name) => [name, 6] as const),
  ...['BOOL', 'U8', 'I8'].map((name) => [name, 8] as const),
  ...['F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'].map(
    (name) => [name, 8] as const,
  ),
  ...['I16', 'U16', 'F16', 'BF16'].map((name) => [name, 16] as const),
  ...['I32', 'U32', 'F32'].map((name) => [name, 32] as const),
  ...['I64', 'U64', 'F64', 'C64'].map((name) => [name, 64] as const),
]);

const offset = z.int().min(0);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(offset),
  data_offsets: z.tuple([offset, offset]),
});
const metadataSchema = z.record(z.string(), z.string()).nullable();

const truncated = 'The file is cut off; fetch it again.';
const malformed =
  'What wrote the file does not follow the format; save the network again with the safetensors library.';
const appended = 'Something was appended to the file; fetch it again, or save the network again.';

/** Makes the error from what is wrong and what to do. */
type Damage = (problem: string, hint: string) => UserError;

/**
 * Reads and checks the header: its length (64-bit, little-endian), JSON, spaces. What the format's reference
 * implementation refuses is refused, and also what the text of the format forbids: keys that stand twice, and a header
 * that does not begin with "{". The tensors must fill the rest of the file without gaps and without sharing bytes.
 *
 * @throws UserError MODEL_FILE_CORRUPT, which says what kind of file it is where that is another
 */
export function readHeader(bytes: Uint8Array, file: string): Header {
  const damage: Damage = (problem, hint) => notSafetensors({ file, head: bytes, problem, hint });
  if (bytes.length < 8) {
    throw damage(`it should begin with 8 bytes, but holds ${bytes.length}`, truncated);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > maxHeaderBytes) {
    throw damage(
      `its header should hold ${length} bytes, but the format allows ${maxHeaderBytes}`,
      'The file is of another format. Give a .safetensors file, or the folder or model.json of a tfjs LayersModel.',
    );
  }
  const start = 8 + Number(length);
  if (start > bytes.length) {
    throw damage(
      `its header should hold ${length} bytes, but ${bytes.length - 8} are left`,
      truncated,
    );
  }
  const { metadata, tensors } = parseHeader(bytes.subarray(8, start), damage);
  const entries = new Map(
    [...tensors].map(([name, value]) => [name, readEntry(name, value, damage)] as const),
  );
  expectFilled(entries, bytes.length - start, damage);
  return { metadata, entries, start };
}

/** The header's JSON: metadata, and what it holds for each tensor. */
function parseHeader(
  bytes: Uint8Array,
  damage: Damage,
): { metadata: Record<string, string>; tensors: Map<string, unknown> } {
  const padding = bytes.length - (bytes.findLastIndex((byte) => byte !== 0) + 1);
  if (padding > 0) {
    throw damage(
      `its header ends with ${padding} NUL bytes, but must be padded with spaces`,
      malformed,
    );
  }
  if (bytes[0] !== 0x7b) {
    throw damage(
      `its header should begin with "{", but begins with ${character(bytes[0])}`,
      malformed,
    );
  }
  let header: unknown;
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    header = parseJson(decoder.decode(bytes), { wholeNumbers: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw damage(`its header is not JSON as it should be (${reason})`, malformed);
  }
  const tensors = new Map(Object.entries(header as Record<string, unknown>));
  const metadata = metadataSchema.safeParse(tensors.get('__metadata__') ?? null);
  if (!metadata.success) {
    throw damage('its "__metadata__" should be an object of texts, but is not', malformed);
  }
  tensors.delete('__metadata__');
  return { metadata: metadata.data ?? {}, tensors };
}

function readEntry(name: string, value: unknown, damage: Damage): Entry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const at = path.length > 0 ? ` at "${path.join('.')}"` : '';
    throw damage(
      `the entry of "${name}" should hold a type, a shape and two offsets (${message}${at})`,
      malformed,
    );
  }
  const { dtype, shape, data_offsets } = parsed.data;
  const [begin, end] = data_offsets;
  const bits = bitsOf.get(dtype);
  if (bits === undefined) {
    throw damage(`"${name}" has the type ${dtype}, which the format does not have`, malformed);
  }
  const size = byteSize(shape, bits);
  if (size === undefined || end - begin !== size) {
    throw damage(
      `"${name}" (${[dtype, ...shape].join(' × ')}) needs ${size ?? 'no whole number of'} bytes, ` +
        `but its offsets are ${begin} to ${end}`,
      malformed,
    );
  }
  return { dtype, shape, begin, end };
}

/** Demands that the tensors, one after the other, fill the data. */
function expectFilled(entries: ReadonlyMap<string, Entry>, bytes: number, damage: Damage): void {
  const sorted = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  let before = 'the header';
  for (const [name, { begin, end }] of sorted) {
    if (begin < at) throw damage(`"${name}" shares bytes with ${before}`, malformed);
    if (begin > at) {
      throw damage(
        `${begin - at} bytes between ${before} and "${name}" are no tensor's`,
        malformed,
      );
    }
    if (end > bytes) {
      throw damage(`"${name}" ends at byte ${end} of the data, but ${bytes} are there`, truncated);
    }
    [at, before] = [end, `"${name}"`];
  }
  if (at !== bytes) throw damage(`${bytes - at} bytes follow after ${before}`, appended);
}

function character(byte: number | undefined): string {
  if (byte === undefined) return 'nothing';
  return byte > 0x20 && byte < 0x7f
    ? `"${String.fromCharCode(byte)}"`
    : `the byte 0x${byte.toString(16).padStart(2, '0')}`;
}

/** Bytes of a tensor; undefined where they are no whole number, or beyond 64 bits on the way. */
function byteSize(shape: readonly number[], bits: number): number | undefined {
  let size = 1n;
  for (const n of [...shape, bits]) {
    size *= BigInt(n);
    if (size >= 2n ** 64n) return undefined;
  }
  return size % 8n === 0n ? Number(size / 8n) : undefined;
}
