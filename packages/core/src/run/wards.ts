/** Processes that must end with this one, though it is killed: their ids, 0 in a place that is free. */
export const wards = new Int32Array(new SharedArrayBuffer(4 * 64));

type Listener = (pids: readonly number[]) => void;
const listeners = new Set<Listener>();
let isExitWatched = false;

/** Calls back whenever they change, so that whoever outlives this process can end them. */
export function onWards(listener: Listener): void {
  listeners.add(listener);
}

/**
 * Has a process end with this one, also where it is busy and does not notice: when this one exits, when the thread of
 * `endWithParent` ends it, and when its launcher sees that it is gone.
 *
 * @returns forgets it again
 */
export function addWard(pid: number): () => void {
  const at = wards.indexOf(0);
  if (at < 0) throw new Error('Too many processes at once.');
  if (!isExitWatched) process.on('exit', () => killAll(wards));
  isExitWatched = true;
  set(at, pid);
  return () => set(at, 0);
}

/** Ends processes at once; those that are gone are no harm. */
export function killAll(pids: Iterable<number>): void {
  for (const pid of pids) {
    if (pid <= 0) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
  }
}

function set(at: number, pid: number): void {
  Atomics.store(wards, at, pid);
  for (const listener of listeners) listener([...wards].filter((one) => one > 0));
}
