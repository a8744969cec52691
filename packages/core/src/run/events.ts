import { appendFileSync } from 'node:fs';

import type { RunEvent, RunNews } from '../contracts/event.js';
import { writeError } from '../cache/write-whole.js';

/** Something that hears of all that a run does. */
export type Observer = (event: RunEvent) => void;

/** Stamps what a run tells with the time, and passes it on, to one observer after the other. */
export function announceTo(observers: readonly Observer[]): (news: RunNews) => void {
  return (news) => {
    const event: RunEvent = { time: new Date().toISOString(), ...news };
    for (const observe of observers) observe(event);
  };
}

/** Writes events, progress aside, to a file of JSON lines, each at once. */
export function eventFile(file: string): Observer {
  return (event) => {
    if (event.type === 'stage-progress') return;
    try {
      appendFileSync(file, `${JSON.stringify(event)}\n`);
    } catch (error) {
      throw writeError(file, error);
    }
  };
}
