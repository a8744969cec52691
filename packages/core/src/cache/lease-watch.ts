import { isGone, writerOf } from './writer.js';

/** A lease that nobody has renewed for so long has expired; measured by the observer's own steady clock. */
export const leaseMilliseconds = 60_000;
/** What is older, by whatever clock, is nobody's any more. */
const dayMilliseconds = 24 * 3600 * 1000;

/** Watches leases that others hold. */
export interface LeaseWatch {
  /**
   * Whether nobody renews a lease any more: its holder is gone, or it has had the same text since it was first asked
   * for, longer than its lifetime ago.
   *
   * @param id of the lease
   * @param text what its holder wrote: the holder's unique name, a blank, a number that grows
   */
  isOver(id: string, text: string): boolean;
  /** Forgets what was seen. */
  forget(): void;
}

/**
 * @param lifetime milliseconds
 * @param clock milliseconds of a steady clock
 */
export function leaseWatch(
  lifetime = leaseMilliseconds,
  clock: () => number = () => performance.now(),
): LeaseWatch {
  const seen = new Map<string, { readonly text: string; readonly since: number }>();
  return {
    isOver(id, text) {
      if (holderIsGone(text)) return true;
      const now = clock();
      const before = seen.get(id);
      if (before?.text !== text) {
        seen.set(id, { text, since: now });
        return false;
      }
      return now - before.since > lifetime;
    },
    forget: () => seen.clear(),
  };
}

/**
 * Whether a lease is left over; the next who wants it would take it over.
 *
 * @param text its content, undefined where it is gone
 * @param age milliseconds since it was written, by any clock
 */
export function isDeadLease(text: Uint8Array | undefined, age: number): boolean {
  if (text === undefined) return false;
  return age > dayMilliseconds || holderIsGone(Buffer.from(text).toString());
}

function holderIsGone(text: string): boolean {
  const writer = writerOf(text.split(' ')[0]!);
  return writer !== undefined && isGone(writer);
}
