import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { z } from 'zod';

import { badPackageFile } from '../errors/templates/plugins.js';
import { kindOf, safeError } from '../errors/thrown.js';
import { packageFileLimit, readOrdinary } from '../files/read-ordinary.js';

/** An installed package. */
export interface PackageLocation {
  /** Its real folder, links resolved. */
  readonly folder: string;
  /** Where it was found in a `node_modules`: the same, or a link to it. */
  readonly found: string;
  readonly manifest: PackageManifest;
}

const versions = z.record(z.string(), z.string());
/** What is read of a package.json. */
const manifestSchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  main: z.unknown().optional(),
  exports: z.unknown().optional(),
  dependencies: versions.optional(),
  peerDependencies: versions.optional(),
  privatesnn: z.object({ plugin: z.unknown().optional(), api: z.unknown().optional() }).optional(),
});

export type PackageManifest = z.output<typeof manifestSchema>;

/**
 * Looks for a package in the `node_modules` folders from `start` upwards, as Node does.
 *
 * @throws UserError BAD_PACKAGE_FILE where its package.json is none
 */
export function locatePackage(name: string, start: string): PackageLocation | undefined {
  let folder = resolve(start);
  for (;;) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) {
      const real = realpathSync(candidate);
      return { folder: real, found: candidate, manifest: readManifest(real) };
    }
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

/** The package that a file belongs to: the nearest package.json above it. */
export function packageOf(file: string): PackageLocation | undefined {
  let folder = dirname(resolve(file));
  for (;;) {
    if (existsSync(join(folder, 'package.json'))) {
      return { folder, found: folder, manifest: readManifest(folder) };
    }
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function readManifest(folder: string): PackageManifest {
  const file = join(folder, 'package.json');
  let content: unknown;
  try {
    content = JSON.parse(readOrdinary(file, packageFileLimit).toString('utf8'));
  } catch (error) {
    const cause = safeError(error);
    throw badPackageFile(file, `cannot be read as JSON: ${cause.message}`, undefined, cause);
  }
  const parsed = manifestSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
  const what = path.length === 0 ? 'is no package file' : `is wrong at "${path.join('.')}"`;
  throw badPackageFile(file, `${what}: ${message}.`);
}

/**
 * The file that `import` of a package's name loads.
 *
 * @throws UserError BAD_PACKAGE_FILE
 */
export function entryFile({ folder, manifest }: PackageLocation): string {
  const { exports } = manifest;
  const root =
    typeof exports === 'object' && exports !== null && '.' in exports
      ? (exports as Record<string, unknown>)['.']
      : exports;
  const target = chooseCondition(root, [...userConditions(), 'import', 'node', 'default']);
  const { main = 'index.js' } = manifest;
  if (target === undefined && typeof main !== 'string') {
    const what = `is wrong at "main": expected a text, received ${kindOf(main)}.`;
    throw badPackageFile(join(folder, 'package.json'), what);
  }
  return join(folder, target ?? (main as string));
}

function chooseCondition(value: unknown, conditions: readonly string[]): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [condition, inner] of Object.entries(value)) {
    if (!conditions.includes(condition)) continue;
    const chosen = chooseCondition(inner, conditions);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}

/** Conditions that Node was started with: `-C name`, `--conditions=name`. */
function userConditions(): string[] {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS']?.split(/\s+/) ?? [])];
  return options.flatMap((option, at) => {
    const named = /^(?:--conditions|-C)=(.+)$/.exec(option)?.[1];
    if (named !== undefined) return [named];
    return option === '-C' || option === '--conditions' ? [options[at + 1] ?? ''] : [];
  });
}
