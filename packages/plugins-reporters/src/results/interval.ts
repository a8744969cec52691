import type { JobValues } from './values.js';

/** A value's 95 % interval, or what stands in its place where the stage has left it out: it would say too much. */
export type Interval = readonly [low: number, high: number] | 'few images';

/** The interval at two paths of a job; null where no interval is asked for, or the job has none. */
export function readInterval(
  paths: readonly [low: string, high: string] | undefined,
  job: JobValues | undefined,
): Interval | null {
  const [low, high] = (paths ?? []).map((path) => job?.get(path));
  if (low === undefined || high === undefined) return null;
  return low === null || high === null ? 'few images' : [low, high];
}

/** As text, without brackets: its ends with a separator between them. */
export function intervalText(
  interval: Interval | null,
  show: (value: number) => string,
  separator: string,
): string {
  if (interval === null) return '';
  return interval === 'few images' ? interval : interval.map(show).join(separator);
}
