import { child } from '../config/node.js';
import { errorsOf, type MistakeList } from '../errors/error-list.js';
import type { Registry } from '../plugins/registry.js';
import type { Experiment } from './experiment.js';
import type { PlanReporter } from './plan.js';
import { resolveOptions } from './stage-config.js';

/** The reporters of the file, with their options resolved. */
export function planReporters(
  { loaded }: Experiment,
  registry: Registry,
  errors: MistakeList,
): PlanReporter[] {
  const list = child(loaded.root, 'reporters');
  const planned: PlanReporter[] = [];
  for (const item of list?.kind === 'list' ? list.items : []) {
    const use = child(item, 'use') as { value: string; place: typeof item.place };
    try {
      const declared = registry.reporter(use.value, use.place);
      const options = resolveOptions(
        declared.definition.options,
        child(item, 'options'),
        use.place,
        {
          name: `reporter "${use.value}"`,
          whole: `Reporter "${use.value}" of ${declared.plugin.name}`,
        },
        errors,
      );
      planned.push({ declared, options });
    } catch (error) {
      errors.push(...errorsOf(error));
    }
  }
  return planned;
}
