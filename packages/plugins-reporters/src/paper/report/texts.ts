import type { PaperEntry } from './entry.js';

export const reportTitle = 'PrivateSNN: the tables and figures of the paper';

/** What a reader must know before the tables. */
export function reportLead(entries: readonly PaperEntry[]): string {
  const ran = entries.filter(({ runs }) => runs.length > 0).length;
  return (
    `${ran} of ${entries.length} were run. Accuracies are in per cent, brackets hold 95 % intervals, a difference is ` +
    'ours minus published. What was not run is empty.'
  );
}

/** The names that the tables take for known. */
export const reportNames =
  'DC is the data-free conversion, CET the class encryption training, OD the on-device distillation; PrivateSNN is all ' +
  'three. T is the number of time-steps, α the factor on the balanced thresholds. Attack 1 turns the network back into ' +
  'an ANN, attack 2 follows gradients through its spikes; an image counts as recognised where the judge, an independent ' +
  'network, puts it in the class that was drawn. v1 is the first version of the paper (April 2021). Runs with the profile ' +
  '"paper" take the published numbers of images and epochs, those with "desk" fewer.';

/** What is to be said where a run is missing or failed; '' for nothing. */
export function reasonText({ runs, reason }: PaperEntry): string {
  if (reason === null) return '';
  return `${runs.length === 0 ? 'Not run' : 'The last try failed'}: ${reason}`;
}
