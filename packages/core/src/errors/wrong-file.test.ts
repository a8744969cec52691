import fc from 'fast-check';
import { expect, test } from 'vitest';

import { workspace } from '../testing/workspace.js';
import { fileKind, headBytes, type FileKindId } from './file-kind.js';
import { headOf, wrongFile } from './wrong-file.js';

/** The first bytes of files as their usual writers make them, in hex where they are no text. */
const beginnings: readonly (readonly [FileKindId, string])[] = [
  ['empty', ''],
  ['zeros', '0'.repeat(64)],
  ['lfs-pointer', text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n')],
  ['annex-pointer', text('/annex/objects/SHA256E-s12--4d7a.bin\n')],
  ['html', text('<!DOCTYPE html>\n<html lang="en">')],
  ['html', text('\n\n  <html><head><title>404</title>')],
  ['html', text('<!-- a remark -->\n<!doctype HTML>')],
  ['xml', text('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>')],
  ['json', text('{"format": "layers-model"}')],
  ['json', text('[\n  [1, 2]')],
  ['text', text('Entry not found')],
  ['pdf', text('%PDF-1.7\n')],
  ['gzip', '1f8b0800000000000003'],
  ['bzip2', '425a6839314159265359'],
  ['xz', 'fd377a585a000004'],
  ['zstd', '28b52ffd0458'],
  ['7z', '377abcaf271c0004'],
  ['rar', '526172211a070100'],
  ['tar', `${text('name')}${'00'.repeat(253)}${text('ustar')}003030`],
  ['zip', '504b0506' + '00'.repeat(18)],
  ['zip', zipBeginning('pictures/a.png')],
  ['pytorch-zip', zipBeginning('archive/data.pkl')],
  ['pytorch-zip', zipBeginning('resnet20/.format_version')],
  ['pytorch-zip', zipBeginning('script/data/0')],
  ['pytorch-zip', zipBeginning('net/archive_format')],
  ['keras-zip', zipBeginning('metadata.json')],
  ['numpy-zip', zipBeginning('arr_0.npy')],
  // pickle.dumps({'a': 1}, protocol) and torch.save before 1.6.
  ['pickle', '80027d710055016171014b01732e'],
  ['pickle', '80049509000000000000007d948c0161944b01732e'],
  ['pickle', '80028a0a6cfc9c46f9206aa850192e'],
  ['numpy', '934e554d5059010076007b'],
  ['matlab', text('MATLAB 5.0 MAT-file, Platform: GLNXA64')],
  ['hdf5', '894844460d0a1a0a0000'],
  // onnx.save: version 8 and the producer; torch.onnx: version 7; opset first.
  ['onnx', '08081207' + text('pytorch')],
  ['onnx', '08073a9b'],
  ['onnx', '080a42040a001015'],
  ['tflite', '1c00000054464c33'],
  ['gguf', text('GGUF') + '03000000'],
  ['safetensors', '4000000000000000' + text('{"a":{"dtype":"F32"')],
  // Lengths of headers that begin as gzip files and pickles do.
  ['safetensors', '1f8b000000000000' + text('{"a":')],
  ['safetensors', '8002280000000000' + text('{"a":')],
  ['idx', '000008030000ea60'],
  ['jpeg', 'ffd8ffe000104a464946'],
  ['png', '89504e470d0a1a0a0000000d'],
  ['gif', text('GIF89a')],
  ['bmp', '424d36000c000000000036000000'],
  ['tiff', '49492a0008000000'],
  ['webp', text('RIFF') + '24000000' + text('WEBPVP8 ')],
  ['jpeg-2000', '0000000c6a5020200d0a870a'],
  ['jpeg-xl', 'ff0a'],
  ['heif', '00000018' + text('ftypheic')],
  ['heif', '0000001c' + text('ftypavif')],
];

function text(ascii: string): string {
  return Buffer.from(ascii).toString('hex');
}

function zipBeginning(name: string): string {
  const local = Buffer.alloc(30);
  local.write('PK\x03\x04', 'latin1');
  local.writeUInt16LE(name.length, 26);
  return local.toString('hex') + text(name);
}

test.each(beginnings)('tells %s by its first bytes: %s', (id, hex) => {
  const bytes = Buffer.from(hex, 'hex');
  expect(fileKind(bytes)?.id).toBe(id);
  // What follows the beginning changes nothing, however long it is.
  if (id !== 'empty' && id !== 'zeros' && id !== 'text') {
    expect(fileKind(Buffer.concat([bytes, Buffer.alloc(4000, 7)]))?.id).toBe(id);
  }
});

test('takes any bytes, and takes no printable text for a binary format', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void fileKind(bytes)));
  const words = fc.stringMatching(/^[a-z ,.ä€]{4,300}$/);
  fc.assert(
    fc.property(words, (line) => {
      expect(fileKind(Buffer.from(line))?.id).toBe('text');
    }),
  );
  expect(fileKind(Buffer.from('two\nlines'))?.name).toBe('a text file ("two")');
  expect(fileKind(Buffer.from('\u001b[31mred'))).toBeUndefined();
});

const wanted = {
  code: 'X_CORRUPT',
  expected: 'a safetensors file',
  kinds: ['safetensors'],
  problem: 'its header is cut',
  ways: { pickle: 'Export it to ONNX.' },
  give: 'Give a .safetensors file.',
} as const;

test.each([
  ['80027d710055', 'x is a Python pickle, not a safetensors file.', 'Export it to ONNX.'],
  [text('<html>'), 'x is a web page, not a safetensors file.', /fetch the file itself/],
  ['', 'x is an empty file, not a safetensors file.', /fetch it again/],
  ['ffd8ffe0', 'x is a JPEG picture, not a safetensors file.', 'Give a .safetensors file.'],
  ['40000000000000007b', 'x is not a whole safetensors file: its header is cut.', /truncated/],
  ['fe01', 'x is not a safetensors file: its header is cut.', /truncated/],
  ['00'.repeat(9), /has nothing but NUL bytes at its beginning, not/, /broke off; fetch/],
])('names the kind and the way out: %s', (hex, message, hint) => {
  const error = wrongFile({ ...wanted, file: 'x', head: Buffer.from(hex, 'hex') });
  expect(error).toMatchObject({ code: 'X_CORRUPT', place: { file: 'x' } });
  expect(error.message).toMatch(message);
  expect(error.hint).toMatch(hint);
});

test('the head of a file is read whatever the path is', () => {
  const at = workspace({ long: 'a'.repeat(4000), short: 'ab' });
  expect(headOf(at.file('long'))).toHaveLength(headBytes);
  expect(Buffer.from(headOf(at.file('short'))).toString()).toBe('ab');
  for (const path of [at.folder, at.file('none')]) expect(headOf(path)).toHaveLength(0);
});
