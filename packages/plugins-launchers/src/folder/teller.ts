import { setTimeout as sleep } from 'node:timers/promises';

import type { NodeEvent, NodeOutcome } from '@privatesnn/core';

import { joinEvent } from '../join-events.js';
import type { JobLine } from './job-file.js';

/** What a worker has to tell of one job: written in its order while the work goes on, and kept while it cannot be. */
export interface Teller {
  tell(event: NodeEvent): void;
  end(outcome: NodeOutcome): void;
  /** Resolves when all is written, or nobody is there any more to read it. */
  written(): Promise<void>;
}

/**
 * @param append puts text at the end of the job's file; false where that is gone
 * @param fault hears why it failed; it is tried again
 */
export function createTeller(
  append: (text: string) => Promise<boolean>,
  fault: (error: unknown) => void,
  { batch, again }: { readonly batch: number; readonly again: number },
): Teller {
  let events: readonly NodeEvent[] = [];
  let outcome: NodeOutcome | undefined;
  let pump: Promise<void> | undefined;
  let gone = false;
  /** A failed write may have left a part of a line, all but its end too: what follows makes it none. */
  let cut = '';

  const run = async () => {
    while (!gone && (events.length > 0 || outcome)) {
      if (!outcome) await sleep(batch);
      const lines: JobLine[] = events.map((event) => ({ type: 'event', event }));
      if (outcome) lines.push({ type: 'outcome', outcome });
      const [told, ended] = [events, outcome];
      events = [];
      outcome = undefined;
      try {
        gone = !(await append(cut + lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
        cut = '';
      } catch (error) {
        cut = '#\n';
        events = (events as readonly NodeEvent[]).reduce(joinEvent, told);
        outcome ??= ended;
        fault(error);
        await sleep(again);
      }
    }
  };
  const wake = () => {
    pump ??= run().finally(() => {
      pump = undefined;
    });
  };

  return {
    tell(event) {
      events = joinEvent(events, event);
      wake();
    },
    end(how) {
      outcome = how;
      wake();
    },
    async written() {
      while (pump) await pump;
    },
  };
}
