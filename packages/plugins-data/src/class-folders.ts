import { dirname, posix } from 'node:path';

import { suggestion, UserError } from '@privatesnn/core';

import { formatNames } from './decode-image.js';
import type { FileTree } from './file-tree.js';
import { takeTurns, type LabelledFile } from './labelled-files.js';
import { compareNaturally } from './natural-order.js';

/** The labelled pictures of a tree with one folder for each class. */
export interface ClassFolders {
  readonly files: readonly LabelledFile[];
  readonly classNames: readonly string[];
  /** Pictures of each class. */
  readonly counts: readonly number[];
  /** What was left out, in words; nothing where all was taken. */
  readonly leftOut: readonly string[];
}

const isPicture = (name: string) => /\.(png|jpe?g|webp|gif|tiff?|avif)$/i.test(name);

/**
 * Finds the class folders of a tree: all folders with pictures, which must be siblings, two of them or more. The class
 * of a picture is the folder that it lies in.
 *
 * @param wanted the names of the classes, in order; null takes all, numbers in names by value
 * @throws UserError where the pictures lie otherwise: what was found, and the path to give
 */
export function listClassFolders(tree: FileTree, wanted: readonly string[] | null): ClassFolders {
  const pictures = tree.names.filter(isPicture);
  const folders = groupBy(pictures, folderOf);
  const parent = commonParent(tree, folders, wanted !== null);
  const found = new Map(
    [...folders.keys()].map((folder) => [posix.basename(folder).normalize(), folder]),
  );
  if (found.size < folders.size) {
    const hint = 'Their names differ in how accents are written; give one of them another name.';
    throw wrongPlace(tree, 'has class folders of the same name', hint);
  }
  const names = [...found.keys()].sort(compareNaturally);
  const classNames = wanted ?? names;
  const absent = classNames.filter((name) => !found.has(name.normalize()));
  const unnamed = names.filter((name) => !classNames.some((one) => one.normalize() === name));
  // A class without pictures is no mistake in a test set; with a folder left over, it is a slip of the pen.
  if (absent.length > 0 && (unnamed.length > 0 || absent.length === classNames.length)) {
    throw wrongPlace(
      tree,
      `has no pictures for ${list(absent)}; it has the classes ${list(names)}`,
      suggestion(absent[0]!, unnamed.length > 0 ? unnamed : names, 'classes'),
      'classNames',
    );
  }
  const files = classNames.flatMap((name, label) => {
    const folder = found.get(name.normalize());
    return folder === undefined ? [] : folders.get(folder)!.map((file) => ({ name: file, label }));
  });
  return {
    files: takeTurns(files),
    classNames,
    counts: classNames.map((name) => folders.get(found.get(name.normalize()) ?? '')?.length ?? 0),
    leftOut: leftOut(tree, parent, folders, absent, unnamed),
  };
}

type Groups = ReadonlyMap<string, readonly string[]>;

/** The folder whose subfolders are the classes. */
function commonParent(tree: FileTree, folders: Groups, named: boolean): string {
  const all = [...folders.keys()];
  const parents = groupBy(all, folderOf);
  const [parent = ''] = parents.keys();
  if (all.length === 0) {
    const others = countTypes(tree);
    throw wrongPlace(
      tree,
      `holds no pictures (${formatNames})${others === '' ? '' : `, but ${others}`}`,
      others === '' ? giveAbove : 'Convert them to PNG or JPEG first.',
    );
  }
  const own = folders.get('');
  if (own && all.length === 1) {
    const hint = `Give the folder above its class folders: ${dirname(tree.path)}, if this is one of them.`;
    throw wrongPlace(tree, `itself holds ${amount(own, 'picture')}, and no class folders`, hint);
  }
  if (own) {
    throw wrongPlace(
      tree,
      `itself holds ${amount(own, 'picture')} (${list(own)}) beside the folders ${list(all.filter((name) => name !== ''))}`,
      'Put each picture into the folder of its class, or away.',
    );
  }
  if (parents.size === 1) {
    if (all.length > 1 || named) return parent;
    throw wrongPlace(
      tree,
      `has pictures in one folder only, "${all[0]}", and two classes are needed`,
      `${giveAbove} Classes that have no pictures there are named in "classNames".`,
    );
  }
  const inner = new Set(all.map((folder) => posix.basename(folder)));
  if (inner.size === 1 && all.length === parents.size) {
    const [name] = inner;
    throw wrongPlace(
      tree,
      `has a folder "${name}" with the pictures in each of ${list([...parents.keys()])}, so that all would be one class`,
      `Put the pictures of ${parent}/${name} into ${parent} itself, and so on; Tiny-ImageNet as it is published is read by the stage "tiny-imagenet".`,
    );
  }
  const places = [...parents].map(
    ([above, inside]) =>
      `${above === '' ? 'itself' : above} (${list(inside.map((name) => posix.basename(name)))})`,
  );
  const whole = [...parents].filter(([above, inside]) => above !== '' && inside.length > 1);
  const hint =
    parents.has('') || whole.length === 0
      ? 'Move the pictures so that all class folders lie in one folder, and none in a class folder.'
      : `Give one of them, ${isZip(tree) ? 'unpacked, ' : ''}as ${whole
          .slice(0, 3)
          .map(([above]) => `"path: ${tree.path}/${above}"`)
          .join(' or ')}.`;
  throw wrongPlace(tree, `has class folders in ${places.length} places: ${list(places, 4)}`, hint);
}

const giveAbove = 'Give the folder above the class folders.';

function isZip(tree: FileTree): boolean {
  return /\.zip$/i.test(tree.path);
}

function leftOut(
  tree: FileTree,
  parent: string,
  folders: Groups,
  absent: readonly string[],
  unnamed: readonly string[],
): string[] {
  const empty = tree.folders
    .filter((folder) => folderOf(folder) === parent && !folders.has(folder))
    .map((folder) => posix.basename(folder));
  const others = countTypes(tree);
  const parts: string[] = [];
  if (others !== '') parts.push(others);
  if (empty.length > 0) parts.push(`${amount(empty, 'folder')} without pictures (${list(empty)})`);
  if (absent.length > 0)
    parts.push(`${amount(absent, 'class', 'classes')} without a folder (${list(absent)})`);
  if (unnamed.length > 0)
    parts.push(`${amount(unnamed, 'folder')} that "classNames" leaves out (${list(unnamed)})`);
  if (tree.brokenLinks.length > 0) {
    parts.push(
      `${amount(tree.brokenLinks, 'link')} to nowhere or back (${list(tree.brokenLinks)})`,
    );
  }
  return parts;
}

/** "3 files of other types (2 .gif, 1 .txt)" */
function countTypes(tree: FileTree): string {
  const others = tree.names.filter((name) => !isPicture(name));
  if (others.length === 0) return '';
  const types = groupBy(others, (name) => posix.extname(name).toLowerCase() || 'without a suffix');
  const counts = [...types].map(([type, names]) => `${names.length} ${type}`);
  return `${amount(others, 'file')} of other types (${list(counts)})`;
}

function folderOf(name: string): string {
  return name.includes('/') ? posix.dirname(name) : '';
}

function groupBy(names: readonly string[], key: (name: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const group = groups.get(key(name));
    if (group) group.push(name);
    else groups.set(key(name), [name]);
  }
  return groups;
}

function list(names: readonly string[], most = 6): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

function amount({ length }: readonly string[], one: string, many = `${one}s`): string {
  return `${length} ${length === 1 ? one : many}`;
}

function wrongPlace(tree: FileTree, problem: string, hint: string, option?: string): UserError {
  return new UserError('data', 'DATASET_CLASS_FOLDERS', `${tree.path} ${problem}.`, {
    hint,
    place: { file: tree.path },
    ...(option === undefined ? {} : { option }),
  });
}
