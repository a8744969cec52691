import { describe, expect, it } from 'vitest';

import { listClassFolders } from './class-folders.js';
import type { FileTree } from './file-tree.js';

function tree(names: readonly string[], more: Partial<FileTree> = {}): FileTree {
  const folders = new Set<string>();
  for (const name of names) {
    const parts = name.split('/').slice(0, -1);
    parts.forEach((_, i) => folders.add(parts.slice(0, i + 1).join('/')));
  }
  return {
    path: '/h',
    names,
    folders: [...folders],
    brokenLinks: [],
    read: () => Promise.reject(new Error('not read')),
    close: () => undefined,
    ...more,
  };
}

const pets = ['cat/1.png', 'cat/2.jpeg', 'dog/1.JPG'];

describe('class folders', () => {
  it('are siblings of one parent, wherever it lies', () => {
    for (const root of ['', 'set/', 'a/b/']) {
      const listed = listClassFolders(tree(pets.map((name) => root + name)), null);
      expect(listed.classNames).toEqual(['cat', 'dog']);
      expect(listed.counts).toEqual([2, 1]);
      expect(listed.files.map(({ name, label }) => [name.slice(root.length), label])).toEqual([
        ['cat/1.png', 0],
        ['dog/1.JPG', 1],
        ['cat/2.jpeg', 0],
      ]);
      expect(listed.leftOut).toEqual([]);
    }
  });

  it('are numbered with numbers by value', () => {
    const names = ['10', '9', '1', '02', 's10', 's9', 'S1', 'a'];
    const { classNames } = listClassFolders(tree(names.map((name) => `${name}/x.png`)), null);
    expect(classNames).toEqual(['1', '02', '9', '10', 'S1', 'a', 's9', 's10']);
  });

  it('are found by name however their accents are written', () => {
    const files = ['A\u0308pfel/1.png', 'Birnen/1.png'];
    const { classNames, counts } = listClassFolders(tree(files), ['Birnen', '\u00c4pfel']);
    expect([classNames, counts]).toEqual([
      ['Birnen', '\u00c4pfel'],
      [1, 1],
    ]);
    const both = [...files, '\u00c4pfel/1.png'];
    expect(() => listClassFolders(tree(both), null)).toThrow('class folders of the same name');
  });

  it('may lack classes that are named, unless a name is misspelt', () => {
    const listed = listClassFolders(tree(pets), ['bird', 'cat', 'dog']);
    expect(listed.counts).toEqual([0, 2, 1]);
    expect(listed.leftOut).toEqual(['1 class without a folder (bird)']);
    expect(listClassFolders(tree(['cat/1.png']), ['cat', 'dog']).counts).toEqual([1, 0]);
    expect(() => listClassFolders(tree(pets), ['cat', 'dgo'])).toThrow(
      expect.objectContaining({ hint: 'Did you mean "dog"?', option: 'classNames' }),
    );
    expect(() => listClassFolders(tree(pets), ['bird', 'fish'])).toThrow('no pictures for bird');
    const some = listClassFolders(tree([...pets, 'eel/1.png']), ['eel', 'cat']);
    expect(some.leftOut).toEqual(['1 folder that "classNames" leaves out (dog)']);
  });

  it('tell in words what was left out', () => {
    const names = [...pets, 'cat/x.bmp', 'cat/y.bmp', 'LICENSE', 'bird/z.txt'];
    const { leftOut } = listClassFolders(tree(names, { brokenLinks: ['cat/l'] }), null);
    expect(leftOut).toEqual([
      '4 files of other types (2 .bmp, 1 without a suffix, 1 .txt)',
      '1 folder without pictures (bird)',
      '1 link to nowhere or back (cat/l)',
    ]);
  });
});

describe('a tree that has no class folders as siblings', () => {
  const both = ['train', 'test'].flatMap((part) => pets.map((name) => `${part}/${name}`));
  it.each<[string, readonly string[], string, string]>([
    [
      'two parts of a set',
      both,
      '/h has class folders in 2 places: train (cat, dog), test (cat, dog).',
      'Give one of them, as "path: /h/train" or "path: /h/test".',
    ],
    [
      'a folder in each class folder',
      ['n01/images/x.png', 'n02/images/y.png'],
      '/h has a folder "images" with the pictures in each of n01, n02, so that all would be one class.',
      'Put the pictures of n01/images into n01 itself, and so on; Tiny-ImageNet as it is published is read by the stage "tiny-imagenet".',
    ],
    [
      'one class folder',
      ['h/cat/1.png'],
      '/h has pictures in one folder only, "h/cat", and two classes are needed.',
      'Give the folder above the class folders. Classes that have no pictures there are named in "classNames".',
    ],
    [
      'a class folder itself',
      ['1.png', '2.png'],
      '/h itself holds 2 pictures, and no class folders.',
      'Give the folder above its class folders: /, if this is one of them.',
    ],
    [
      'pictures beside the class folders',
      ['sample.png', ...pets],
      '/h itself holds 1 picture (sample.png) beside the folders cat, dog.',
      'Put each picture into the folder of its class, or away.',
    ],
    [
      'a class folder in a class folder',
      [...pets, 'cat/more/3.png'],
      '/h has class folders in 2 places: itself (cat, dog), cat (more).',
      'Move the pictures so that all class folders lie in one folder, and none in a class folder.',
    ],
    [
      'pictures of other types',
      ['cat/1.bmp', 'dog/1.bmp'],
      '/h holds no pictures (PNG, JPEG, WebP, GIF, TIFF or AVIF), but 2 files of other types (2 .bmp).',
      'Convert them to PNG or JPEG first.',
    ],
    [
      'nothing',
      [],
      '/h holds no pictures (PNG, JPEG, WebP, GIF, TIFF or AVIF).',
      'Give the folder above the class folders.',
    ],
  ])('%s', (_, names, message, hint) => {
    expect(() => listClassFolders(tree(names), null)).toThrow(
      expect.objectContaining({ code: 'DATASET_CLASS_FOLDERS', message, hint }),
    );
  });

  it('is unpacked first where it is a zip', () => {
    expect(() => listClassFolders(tree(both, { path: '/h.zip' }), null)).toThrow(
      expect.objectContaining({
        hint: expect.stringMatching(/^Give one of them, unpacked, as /) as string,
      }),
    );
  });
});
