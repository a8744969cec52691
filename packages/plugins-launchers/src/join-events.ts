import type { NodeEvent } from '@privatesnn/core';

/** Events of one job that are kept while they cannot be told; progress counts once. */
const mostEvents = 2000;

/** Adds an event to those that wait to be told, so that they stay few while nobody can be told. */
export function joinEvent(events: readonly NodeEvent[], event: NodeEvent): readonly NodeEvent[] {
  if (event.type === 'stage-progress' && events.at(-1)?.type === 'stage-progress') {
    return [...events.slice(0, -1), event];
  }
  if (events.length < mostEvents) return [...events, event];
  // What a process prints without end must not fill the memory; the rest is few.
  return event.type === 'output' || event.type === 'stage-progress' ? events : [...events, event];
}
