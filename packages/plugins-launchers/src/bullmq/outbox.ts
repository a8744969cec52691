import { setTimeout as sleep } from 'node:timers/promises';

import { joinEvent } from '../join-events.js';
import type { News, Told } from './messages.js';

/** What a worker has to tell one run, sent in its order while the work goes on, and kept while Redis is away. */
export interface Outbox {
  tell(news: Told): void;
  /** Resolves when all is sent, or nobody is there any more to read it. */
  sent(): Promise<void>;
  /** Nobody reads it any more. */
  close(): void;
}

/**
 * @param send puts a list into the run's stream; false where that is not there: the run makes it anew when Redis has
 *   lost it, and of what was told before only outcomes matter then
 */
export function createOutbox(
  worker: string,
  send: (news: readonly News[]) => Promise<boolean>,
  { batch, again }: { readonly batch: number; readonly again: number },
): Outbox {
  let waiting: Told[] = [];
  let number = 0;
  let pump: Promise<void> | undefined;
  const closed = new AbortController();
  const pause = (milliseconds: number) =>
    sleep(milliseconds, undefined, { signal: closed.signal }).catch(() => undefined);

  const run = async () => {
    while (waiting.length > 0 && !closed.signal.aborted) {
      if (waiting.every(({ type }) => type === 'events')) await pause(batch);
      const list = waiting;
      waiting = [];
      const numbered = list.map((told): News => ({ ...told, worker, number: ++number }));
      if (await send(numbered).catch(() => false)) continue;
      waiting = [...list.filter(({ type }) => type === 'outcome'), ...waiting];
      await pause(again);
    }
  };

  return {
    tell(news) {
      if (closed.signal.aborted) return;
      waiting = withNews(waiting, news);
      pump ??= run().finally(() => {
        pump = undefined;
      });
    },
    async sent() {
      while (pump) await pump;
    },
    close: () => closed.abort(),
  };
}

/**
 * Joins events of one job, of progress only the last: what waits stays small while Redis is away. Each job's news stay in
 * their order; those of several jobs need none.
 */
export function withNews(waiting: readonly Told[], news: Told): Told[] {
  if (news.type === 'here') return [...waiting.filter(({ type }) => type !== 'here'), news];
  const about = (told: Told) => 'job' in told && 'job' in news && told.job === news.job;
  const at = waiting.findLastIndex(about);
  const last = waiting[at];
  if (news.type !== 'events' || last?.type !== 'events') return [...waiting, news];
  return waiting.with(at, { ...last, events: news.events.reduce(joinEvent, last.events) });
}
