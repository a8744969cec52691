import type { ReporterContext, RunReport } from '../contracts/reporter.js';
import type { UserError } from '../contracts/error.js';
import { throwErrors } from '../errors/error-list.js';
import { guarded } from '../errors/stray.js';
import { reporterFailed } from '../errors/templates/run.js';
import type { Plan } from '../plan/plan.js';
import type { RunFolder } from './folder.js';

/**
 * Runs all reporters; one that fails does not keep the others from reporting.
 *
 * @throws UserErrorList with the reporters that failed
 */
export async function report(
  plan: Plan,
  run: RunReport,
  folder: RunFolder,
  terminal: ReporterContext['terminal'],
  print: (text: string) => void,
): Promise<void> {
  const errors: UserError[] = [];
  for (const { declared, options } of plan.reporters) {
    const { definition, plugin } = declared;
    try {
      const owner = { name: `Reporter "${definition.id}" of ${plugin.name}` };
      const writeFile: ReporterContext['writeFile'] = (path, content) =>
        folder.write(path, content);
      await guarded(owner, () =>
        definition.create(options).report({ terminal, print, writeFile }, run),
      );
    } catch (error) {
      errors.push(reporterFailed(definition.id, plugin.name, error));
    }
  }
  throwErrors(errors);
}
