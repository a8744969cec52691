import { guarded, loadExperiment, planExperiment, type Plan } from '@privatesnn/core';

import { bundledServices } from './services.js';

export interface OpenOptions {
  readonly overrides: readonly string[];
  readonly profile?: string | undefined;
  readonly seed?: string | undefined;
}

/** Reads an experiment file and plans it, with the bundled plugins and services at hand. */
export async function openPlan(file: string, options: OpenOptions): Promise<Plan> {
  const { profile, seed } = options;
  const experiment = await guarded(undefined, () =>
    loadExperiment(file, {
      overrides: [...options.overrides, ...(seed === undefined ? [] : [`seed=${seed}`])],
      ...(profile === undefined ? {} : { profile }),
      moduleBase: import.meta.dirname,
    }),
  );
  return planExperiment(experiment, { services: await bundledServices() });
}
