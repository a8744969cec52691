import type { PaperEntry } from './entry.js';

export const reportTitle = 'PrivateSNN: the tables and figures of the paper';

/** What a reader must know before the tables. */
export function reportLead(entries: readonly PaperEntry[]): string {
  const ran = entries.filter(({ run }) => run !== null).length;
  return (
    `${ran} of ${entries.length} were run. Accuracies are in per cent, brackets hold 95 % intervals, a difference is ` +
    'ours minus published. What was not run is empty.'
  );
}
