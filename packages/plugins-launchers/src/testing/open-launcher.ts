import type { AnyLauncher, OpenLauncher } from '@privatesnn/core';

/** A launcher as the command opens it for a run. */
export const opened =
  (definition: AnyLauncher, options: Record<string, unknown>): OpenLauncher =>
  ({ folder, work, cache, plan, tell }) =>
    definition.open(definition.options.parse(options), {
      folder,
      experimentFolder: work.folder,
      cache: cache.location,
      plan,
      command: [],
      tell,
    });
