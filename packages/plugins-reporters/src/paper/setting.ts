import type { JobResult } from '@privatesnn/core';

import type { JobValues } from '../results/values.js';

const placeholder = /\{([^{}]+)\}/g;

/** The scalars that a setting names: `{accuracy.metrics.images}`. */
export function settingPaths(setting: string): string[] {
  return [...setting.matchAll(placeholder)]
    .map(([, path]) => path!)
    .filter((path) => path.split('.').length > 2);
}

/**
 * Fills a setting with what the job really did, so that it holds whatever profile and overrides were used.
 *
 * @returns the text; a value that the job does not have is shown as "?"
 */
export async function fillSetting(
  setting: string,
  job: JobResult,
  values: JobValues,
): Promise<string> {
  const texts = new Map<string, string>();
  for (const [, path] of setting.matchAll(placeholder)) {
    const value = path!.split('.').length > 2 ? values.get(path!) : undefined;
    const text =
      value === undefined || value === null
        ? await architectureOf(job, path!)
        : value.toLocaleString(
            'en-US',
            Number.isInteger(value) ? {} : { maximumSignificantDigits: 3 },
          );
    texts.set(path!, text ?? '?');
  }
  return setting.replace(placeholder, (_, path: string) => texts.get(path)!);
}

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** "VGG16 (16.8M weights)", for a network named by `stage.output`; a narrow network has the name of the wide one. */
async function architectureOf(job: JobResult, path: string): Promise<string | undefined> {
  const [stage = '', output = ''] = path.split('.');
  const artefact = await job.stages[stage]?.outputs[output]?.load();
  if (artefact?.type !== 'ann' && artefact?.type !== 'snn') return undefined;
  const weights = Object.values(artefact.parameters).reduce(
    (sum, { data }) => sum + data.length,
    0,
  );
  return `${artefact.architecture.name} (${compact.format(weights)} weights)`;
}
