/** What a file may be, told by its first bytes. */
export type FileKindId =
  | 'empty'
  | 'zeros'
  | 'lfs-pointer'
  | 'annex-pointer'
  | 'html'
  | 'xml'
  | 'json'
  | 'text'
  | 'pdf'
  | 'gzip'
  | 'bzip2'
  | 'xz'
  | 'zstd'
  | '7z'
  | 'rar'
  | 'tar'
  | 'zip'
  | 'numpy-zip'
  | 'pytorch-zip'
  | 'keras-zip'
  | 'pickle'
  | 'numpy'
  | 'matlab'
  | 'hdf5'
  | 'onnx'
  | 'tflite'
  | 'gguf'
  | 'safetensors'
  | 'idx'
  | 'jpeg'
  | 'png'
  | 'gif'
  | 'bmp'
  | 'tiff'
  | 'webp'
  | 'jpeg-2000'
  | 'jpeg-xl'
  | 'heif';

/** A kind of file, with its name for messages: "an HDF5 file". */
export interface FileKind {
  readonly id: FileKindId;
  readonly name: string;
}

/** How many of a file's first bytes {@link fileKind} looks at: a tar file tells itself by byte 257. */
export const headBytes = 512;

/**
 * The kind of a file by its first bytes, whatever its name; undefined where they tell nothing. Formats without a
 * signature (ONNX, safetensors, pickles) are told by what their writers put first.
 *
 * @param bytes the file, or its first {@link headBytes} bytes
 */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headBytes));
  if (head.length === 0) return { id: 'empty', name: 'an empty file' };
  const text = head.toString('latin1');
  for (const [id, name, is] of signatures) if (is(text, head)) return { id, name };
  return head.length > 3 && isText(head)
    ? { id: 'text', name: `a text file ("${firstLine(head)}")` }
    : undefined;
}

type Signature = readonly [FileKindId, string, (text: string, head: Buffer) => boolean];

const startsWith =
  (...beginnings: readonly string[]) =>
  (text: string) =>
    beginnings.some((beginning) => text.startsWith(beginning));
const matches = (pattern: RegExp) => (text: string) => pattern.test(text);

/** The more particular ones first. Patterns are matched against one character a byte. */
const signatures: readonly Signature[] = [
  ['lfs-pointer', 'a pointer of Git LFS', startsWith('version https://git-lfs.github.com/spec/')],
  ['annex-pointer', 'a pointer of git-annex', startsWith('/annex/objects/')],
  [
    'html',
    'a web page',
    matches(/^(\xef\xbb\xbf)?\s*(<!--[^]*?-->\s*)?<(!doctype html|html|head|body)\b/i),
  ],
  ['xml', 'an XML file', matches(/^(\xef\xbb\xbf)?\s*<(\?xml|error>)/i)],
  ['json', 'a JSON file', matches(/^(\xef\xbb\xbf)?\s*(\{\s*("|\}|$)|\[\s*(["{[\]\d-]|$))/)],
  // Before formats of few bytes: it begins with a length, which may look like any of them.
  ['safetensors', 'a safetensors file', matches(/^[^]{5}\0\0\0\{/)],
  ['pdf', 'a PDF file', startsWith('%PDF-')],
  ['gzip', 'a gzip file', startsWith('\x1f\x8b')],
  ['bzip2', 'a bzip2 file', matches(/^BZh[1-9]1AY&SY/)],
  ['xz', 'an xz file', startsWith('\xfd7zXZ\0')],
  ['zstd', 'a Zstandard file', startsWith('\x28\xb5\x2f\xfd')],
  ['7z', 'a 7z archive', startsWith('7z\xbc\xaf\x27\x1c')],
  ['rar', 'a RAR archive', startsWith('Rar!\x1a\x07')],
  ['tar', 'a tar archive', (text) => text.slice(257, 262) === 'ustar'],
  [
    'pytorch-zip',
    'a PyTorch file',
    (text) =>
      /^[^/]*\/(data\.pkl|\.format_version|byteorder|version|archive_format|constants\.pkl|code\/|data\/\d)/.test(
        zipEntry(text),
      ),
  ],
  [
    'keras-zip',
    'a Keras file',
    (text) => /^(metadata\.json|config\.json|model\.weights\.h5)$/.test(zipEntry(text)),
  ],
  ['numpy-zip', 'a NumPy archive', (text) => zipEntry(text).endsWith('.npy')],
  ['zip', 'a zip archive', startsWith('PK\x03\x04', 'PK\x05\x06')],
  ['pickle', 'a Python pickle', matches(/^\x80[\x02-\x05][\x28-\x95]/)],
  ['numpy', 'a NumPy array', startsWith('\x93NUMPY')],
  ['matlab', 'a MATLAB file', startsWith('MATLAB 5.0 MAT-file', 'MATLAB 7.3 MAT-file')],
  ['hdf5', 'an HDF5 file', startsWith('\x89HDF\r\n\x1a\n')],
  // The first field is the version of the format; then come opset, producer, graph, or a text about the model.
  ['onnx', 'an ONNX network', matches(/^\x08[\x01-\x1f][\x12\x1a\x22\x28\x32\x3a\x42\x72]/)],
  ['tflite', 'a TensorFlow Lite network', (text) => text.slice(4, 8) === 'TFL3'],
  ['gguf', 'a GGUF network', startsWith('GGUF')],
  ['idx', 'an IDX file', matches(/^\0\0[\x08\x09\x0b-\x0e][\x01-\x08]/)],
  ['jpeg', 'a JPEG picture', startsWith('\xff\xd8\xff')],
  ['png', 'a PNG picture', startsWith('\x89PNG\r\n\x1a\n')],
  ['gif', 'a GIF picture', startsWith('GIF87a', 'GIF89a')],
  ['bmp', 'a BMP picture', matches(/^BM[^]{4}\0\0\0\0/)],
  ['tiff', 'a TIFF picture', startsWith('II*\0', 'MM\0*', 'II+\0', 'MM\0+')],
  ['webp', 'a WebP picture', matches(/^RIFF[^]{4}WEBP/)],
  ['jpeg-2000', 'a JPEG 2000 picture', startsWith('\0\0\0\x0cjP  \r\n', '\xff\x4f\xff\x51')],
  ['jpeg-xl', 'a JPEG XL picture', startsWith('\xff\x0a', '\0\0\0\x0cJXL \r\n')],
  ['heif', 'a HEIF or AVIF picture', matches(/^[^]{4}ftyp(hei|hev|mif1|msf1|avi[fs])/)],
  [
    'zeros',
    'nothing but NUL bytes at its beginning',
    (_, head) => head.length >= 8 && head.every((byte) => byte === 0),
  ],
];

/** The name of a zip archive's first entry. */
function zipEntry(text: string): string {
  if (!text.startsWith('PK\x03\x04')) return '';
  const length = text.charCodeAt(26) + 256 * text.charCodeAt(27);
  return text.slice(30, 30 + length);
}

function isText(head: Buffer): boolean {
  try {
    // As a stream, since the end of the head may cut a character.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return !/[^\P{Cc}\t\r\n\f\v]/u.test(text);
  } catch {
    return false;
  }
}

function firstLine(head: Buffer): string {
  const line = head
    .toString('utf8')
    .trim()
    .split(/\s*[\r\n]+/)[0]!;
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
