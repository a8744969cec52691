import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { S3Client } from '@aws-sdk/client-s3';

import { openClient } from './client.js';
import { describe, isPassing, unreachable, userError } from './errors.js';

/**
 * Makes a request, and again while the store cannot be reached or is too busy.
 *
 * @param name of the object, for errors
 * @throws UserError
 */
export type Ask = <T>(
  name: string,
  how: 'read' | 'write',
  request: (client: S3Client) => Promise<T>,
) => Promise<T>;

export interface Patience {
  /** Milliseconds of trying in vain, for a store that has answered before and for one that has not. */
  readonly known: number;
  readonly unknown: number;
  /** Told once when a request has been tried in vain for a while. */
  readonly warn: (message: string) => void;
}

const firstPause = 100;
const longestPause = 5000;
const silentMilliseconds = 3000;

export function patientAsk(location: string, { known, unknown, warn }: Patience): Ask {
  let opened: Promise<S3Client> | undefined;
  /** Whether it has answered. */
  let reached = false;
  /** Whether the user was told that it does not answer now. */
  let told = false;

  return async (name, how, request) => {
    const place = `${location}/${name}`;
    const start = performance.now();
    for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
      try {
        const answer = await request(await (opened ??= openClient()));
        if (told) warn(`${location} answers again.`);
        told = false;
        reached = true;
        return answer;
      } catch (error) {
        if (!isPassing(error)) throw userError(error, location, place, how);
        const waited = performance.now() - start;
        if (!told && waited > silentMilliseconds) {
          told = true;
          warn(`${location} does not answer (${describe(error)}); it is tried again and again.`);
        }
        if (waited > (reached ? known : unknown)) throw unreachable(location, error, waited);
      }
      // Many that were cut off at once do not come back at once.
      await sleep(pause / 2 + randomInt(Math.ceil(pause / 2)));
    }
  };
}
