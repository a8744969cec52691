import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** An installed package. */
export interface PackageLocation {
  /** Its real folder, links resolved. */
  readonly folder: string;
  readonly manifest: PackageManifest;
}

export interface PackageManifest {
  readonly name?: string;
  readonly version?: string;
  readonly main?: string;
  readonly exports?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly privatesnn?: { readonly plugin?: unknown; readonly api?: unknown };
}

/** Looks for a package in the `node_modules` folders from `start` upwards, as Node does. */
export function locatePackage(name: string, start: string): PackageLocation | undefined {
  let folder = resolve(start);
  for (;;) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) {
      const real = realpathSync(candidate);
      return { folder: real, manifest: readManifest(real) };
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
    if (existsSync(join(folder, 'package.json'))) return { folder, manifest: readManifest(folder) };
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function readManifest(folder: string): PackageManifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageManifest;
}

/** The file that `import` of a package's name loads. */
export function entryFile({ folder, manifest }: PackageLocation): string {
  const { exports } = manifest;
  const root =
    typeof exports === 'object' && exports !== null && '.' in exports
      ? (exports as Record<string, unknown>)['.']
      : exports;
  const target = chooseCondition(root, [...userConditions(), 'import', 'node', 'default']);
  return join(folder, target ?? manifest.main ?? 'index.js');
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
