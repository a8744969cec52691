import { setTimeout as sleep } from 'node:timers/promises';

import type { Redis } from 'ioredis';

import type { News } from './messages.js';

/**
 * Reads a run's news, each once, until the signal is aborted. What was read is removed.
 *
 * @param reader a connection of its own, as it waits
 */
export async function readNews(
  reader: Redis,
  client: Redis,
  stream: string,
  hear: (news: News) => void,
  signal: AbortSignal,
): Promise<void> {
  /** Number of the last message of each worker: those that were sent twice are left out. */
  const heard = new Map<string, number>();
  while (!signal.aborted) {
    try {
      const found = await reader.xread('COUNT', 100, 'BLOCK', 5000, 'STREAMS', stream, '0');
      const entries = found?.[0]?.[1] ?? [];
      for (const [, fields] of entries) {
        for (const news of JSON.parse(fields[1] ?? '[]') as News[]) {
          if (news.number <= (heard.get(news.worker) ?? 0)) continue;
          heard.set(news.worker, news.number);
          hear(news);
        }
      }
      if (entries.length > 0) await client.xdel(stream, ...entries.map(([id]) => id));
    } catch {
      // Redis is away or has just come back; or this is the end.
      await sleep(500, undefined, { signal }).catch(() => undefined);
    }
  }
}
