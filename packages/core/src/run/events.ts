import { closeSync, openSync, writeSync } from 'node:fs';

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

/** Writes events, progress aside, to a file of JSON lines, each at once; the last one closes it. */
export function eventFile(file: string): Observer {
  let open: number | undefined;
  return (event) => {
    if (event.type === 'stage-progress') return;
    try {
      open ??= openSync(file, 'a');
      const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
      for (let at = 0; at < bytes.length;) at += writeSync(open, bytes, at);
      if (event.type === 'run-finished') {
        closeSync(open);
        open = undefined;
      }
    } catch (error) {
      throw writeError(file, error);
    }
  };
}
