import { UserError, type Place } from '../../contracts/error.js';

export const planChanged = (file: string, what: string) =>
  new UserError(
    'environment',
    'PLAN_CHANGED',
    `A worker of this run was refused: ${what} is not what the run was planned with.`,
    { place: { file }, hint: 'Start the run again; what has finished is kept.' },
  );

export const planUnreadable = (file: string, cause: unknown) =>
  new UserError('data', 'PLAN_UNREADABLE', `${file} is no plan of a run.`, {
    cause,
    hint: 'Give the folder of a run, as "privatesnn run" prints it.',
  });

export const unsendableOptions = (stage: string, place: Place | undefined, cause: unknown) =>
  new UserError(
    'plugin',
    'UNSENDABLE_OPTIONS',
    `The options of stage "${stage}" cannot be sent to the process that does the work: ${String(cause)}`,
    {
      ...(place ? { place } : {}),
      hint: 'A schema may turn options into plain data, maps, sets, dates and typed arrays; not into functions.',
    },
  );
