/** Isolated processes at work, and when each was heard of last. */
const times = new Map<object, number>();
const patienceMilliseconds = 15_000;

export function heard(process: object): void {
  times.set(process, performance.now());
}

export function unheard(process: object): void {
  times.delete(process);
}

/** Whether an isolated process works for this one and does not speak: then this one must not count as alive either. */
export function waitsForSilent(): boolean {
  const now = performance.now();
  return [...times.values()].some((time) => now - time > patienceMilliseconds);
}
