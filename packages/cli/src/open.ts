import { guarded, loadExperiment, planExperiment, type Plan } from '@privatesnn/core';

import { isolationOf, type IsolationOptions } from './isolation.js';
import { bundledServices } from './services.js';

export interface OpenOptions extends IsolationOptions {
  readonly overrides: readonly string[];
  readonly profile?: string | undefined;
  readonly seed?: string | undefined;
}

/** Reads an experiment file and plans it, with the bundled plugins and services at hand. */
export async function openPlan(file: string, options: OpenOptions): Promise<Plan> {
  const { profile, seed } = options;
  const isolation = isolationOf(options);
  const experiment = await guarded(undefined, () =>
    loadExperiment(file, {
      overrides: [...options.overrides, ...(seed === undefined ? [] : [`seed=${seed}`])],
      ...(profile === undefined ? {} : { profile }),
      moduleBase: import.meta.dirname,
      ...(isolation === undefined ? {} : { isolation }),
    }),
  );
  return planExperiment(experiment, { services: await bundledServices() });
}
