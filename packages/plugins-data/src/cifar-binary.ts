import { UserError, type Images, type RandomStream } from '@privatesnn/core';

import { chooseImages, type Choice } from './choose-images.js';
import type { Container } from './container.js';
import { assertFits } from './memory.js';
import { recordSink } from './records.js';

/** One set in the binary layout of CIFAR: rows of label bytes and 3,072 pixel bytes, plane by plane. */
export interface CifarLayout {
  readonly name: string;
  /** Label bytes of a row; the last one is the class. */
  readonly labelBytes: 1 | 2;
  /** Files of each split, in order; a folder may lack some. */
  readonly files: Readonly<Record<'train' | 'test', readonly string[]>>;
  /** Rows of a whole file. */
  readonly rows: Readonly<Record<'train' | 'test', number>>;
  /** The file with the class names, one a line. */
  readonly namesFile: string;
  readonly classNames: readonly string[];
}

export interface CifarImages {
  readonly images: Images;
  /** Images of the split that are there, and how many a whole copy has. */
  readonly available: number;
  readonly complete: number;
}

const side = 32;
const plane = side * side;

/** Bytes of one row. */
function rowBytes(layout: Pick<CifarLayout, 'labelBytes'>): number {
  return layout.labelBytes + 3 * plane;
}

/**
 * Reads the wanted images of a split, going through the files twice: for the labels, then for the pixels of what
 * was chosen. No more than the wanted images are held.
 *
 * @throws UserError where no file of the split is there, a file's size is wrong, or a label is out of range
 */
export async function readCifar(
  container: Container,
  layout: CifarLayout,
  split: 'train' | 'test',
  choice: Choice,
  random: RandomStream,
  signal: AbortSignal,
  maxMegabytes: number,
): Promise<CifarImages> {
  const check = (available: number, file: string) => {
    const wanted = Math.min(choice.limit ?? available, available);
    const what = `${wanted} images of ${side} × ${side} × 3`;
    assertFits({ bytes: wanted * 3 * plane, what, file, maxMegabytes });
  };
  const survey = await surveyFiles(container, layout, split, signal, check);
  const { labels, starts } = survey;
  check(labels.length, container.path);
  const chosen = chooseImages(labels, layout.classNames.length, choice, random);
  const places = new Map(Array.from(chosen, (from, to) => [from, to] as const));
  const pixels = new Uint8Array(chosen.length * 3 * plane);
  await container.visit((name) => {
    const start = starts.get(name);
    if (start === undefined) return undefined;
    return recordSink(rowBytes(layout), (index, row) => {
      const place = places.get(start + index);
      if (place === undefined) return;
      interleave(row.subarray(layout.labelBytes), pixels.subarray(place * 3 * plane));
    });
  }, signal);
  return {
    images: {
      type: 'images',
      shape: [chosen.length, side, side, 3],
      pixels,
      range: [0, 255],
      labels: Int32Array.from(chosen, (i) => labels[i]!),
      classNames: survey.classNames,
      origin: 'real',
    },
    available: labels.length,
    complete: layout.files[split].length * layout.rows[split],
  };
}

/** Three planes of colours → channels-last pixels. */
function interleave(planes: Uint8Array, pixels: Uint8Array): void {
  for (let p = 0; p < plane; p++) {
    for (let c = 0; c < 3; c++) pixels[3 * p + c] = planes[c * plane + p]!;
  }
}

interface Survey {
  /** Labels of all images of the split, file by file. */
  readonly labels: Uint8Array;
  /** The number of each file's first image. */
  readonly starts: ReadonlyMap<string, number>;
  readonly classNames: readonly string[];
}

async function surveyFiles(
  container: Container,
  layout: CifarLayout,
  split: 'train' | 'test',
  signal: AbortSignal,
  check: (rows: number, file: string) => void,
): Promise<Survey> {
  const found = new Map<string, Uint8Array>();
  const others: string[] = [];
  let names = '';
  await container.visit((name, size) => {
    if (name === layout.namesFile) return (chunk) => (names += textOf(chunk, names.length));
    if (!layout.files[split].includes(name)) {
      if (others.length < mostOthers) others.push(name);
      return undefined;
    }
    const file = `${container.path}/${name}`;
    const rows = countRows(file, size, layout, split);
    check(rows, file);
    const labels = new Uint8Array(rows);
    found.set(name, labels);
    return recordSink(rowBytes(layout), (index, row) => {
      const label = row[layout.labelBytes - 1]!;
      if (label >= layout.classNames.length) throw wrongLabel(file, index, label, layout);
      labels[index] = label;
    });
  }, signal);
  if (found.size === 0) throw nothingFound(container.path, others, layout, split);
  const starts = new Map<string, number>();
  let count = 0;
  for (const name of layout.files[split]) {
    if (found.has(name)) starts.set(name, count);
    count += found.get(name)?.length ?? 0;
  }
  const labels = new Uint8Array(count);
  for (const [name, start] of starts) labels.set(found.get(name)!, start);
  return { labels, starts, classNames: classNames(names, layout) };
}

/** The file of names is short; of one that is not, the rest is left. */
const mostNames = 100_000;
/** Names that are looked at to tell what a folder is instead. */
const mostOthers = 1000;

function textOf(chunk: Uint8Array, held: number): string {
  return Buffer.from(chunk.subarray(0, Math.max(0, mostNames - held))).toString('utf8');
}

/** What other versions of the two sets consist of, by names of files that only they have, and what to do. */
const otherVersions: readonly (readonly [RegExp, string])[] = [
  [/^data_batch_\d\.bin$|^test_batch\.bin$/, 'This looks like CIFAR-10: use the stage "cifar10".'],
  [
    /^fine_label_names\.txt$|^(train|test)\.bin$/,
    'This looks like CIFAR-100: use the stage "cifar100".',
  ],
  [/\.mat$/, 'This looks like the MATLAB version; get the binary version.'],
  [
    /^data_batch_\d$|^test_batch$|^(train|test|meta)$|^batches\.meta$/,
    'This looks like the Python version; get the binary version.',
  ],
];

function nothingFound(
  path: string,
  others: readonly string[],
  layout: CifarLayout,
  split: 'train' | 'test',
): UserError {
  const other = split === 'train' ? 'test' : 'train';
  const onlyOther = others.filter((name) => layout.files[other].includes(name));
  const version = otherVersions.find(([names]) => others.some((name) => names.test(name)));
  const hint =
    onlyOther.length > 0
      ? `There is ${onlyOther.join(', ')}: use "split: ${other}", or fetch the rest.`
      : (version?.[1] ?? 'Give the folder of the binary version, or its .tar.gz.');
  return new UserError(
    'data',
    'DATASET_FILE_MISSING',
    `${path} holds none of ${layout.files[split].join(', ')}, so it has no ${split} images of ${layout.name}.`,
    { hint, place: { file: path } },
  );
}

function classNames(text: string, layout: CifarLayout): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.length === layout.classNames.length ? lines : layout.classNames;
}

function countRows(file: string, size: number, layout: CifarLayout, split: 'train' | 'test') {
  const row = rowBytes(layout);
  if (size > 0 && size % row === 0) return size / row;
  throw new UserError(
    'data',
    'DATASET_FILE_SIZE',
    `${file} should hold ${layout.rows[split] * row} bytes (${layout.rows[split]} rows of ${row}), but holds ${size}, ` +
      'which is not a whole number of rows.',
    { hint: 'The file is truncated or not the right one; fetch it again.', place: { file } },
  );
}

function wrongLabel(file: string, index: number, label: number, layout: CifarLayout): UserError {
  return new UserError(
    'data',
    'DATASET_LABEL_RANGE',
    `Row ${index + 1} of ${file} has the class ${label}; ${layout.name} has the classes 0 to ${layout.classNames.length - 1}.`,
    { hint: `The file is damaged or not the binary version of ${layout.name}.`, place: { file } },
  );
}
