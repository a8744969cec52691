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

/** What is to be said where a run is missing or failed; '' for nothing. */
export function reasonText({ runs, reason }: PaperEntry): string {
  if (reason === null) return '';
  return `${runs.length === 0 ? 'Not run' : 'The last try failed'}: ${reason}`;
}
