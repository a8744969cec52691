import type { AnyStage, Plugin } from '../contracts/plugin.js';

/** Whether a name under `plugins:` or `use:` is a path. */
export function isLocal(name: string): boolean {
  return name.startsWith('./') || name.startsWith('../') || name.startsWith('/');
}

/** The file of a local `use:`, which may name one of the file's stages: `./stages.js/stripes`. */
export function localFile(use: string): string {
  return /^(.+\.[cm]?[jt]s)\/[^/]+$/.exec(use)?.[1] ?? use;
}

/** What a local file exports, as a plugin: it may be one stage instead. */
export function asPlugin(name: string, exported: unknown): unknown {
  return isStage(exported) ? ({ name, stages: [exported] } satisfies Plugin) : exported;
}

function isStage(value: unknown): value is AnyStage {
  return typeof value === 'object' && value !== null && 'kind' in value && 'create' in value;
}
