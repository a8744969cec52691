/**
 * How threads share one kernel's work. Plain JavaScript, as worker threads run it unbuilt.
 *
 * A job is a kernel with arguments, cut into shares of `grain` units. Threads take tickets, job number in the
 * upper and share in the lower 16 bits, until there is none left; a thread that comes late, with a ticket of an
 * earlier job, sees that the numbers differ and goes back to sleep.
 */

/** Fields of the control block. */
export const control = {
  /** Number of the job; written first. */
  job: 0,
  op: 1,
  units: 2,
  grain: 3,
  shares: 4,
  /** The next ticket; written after the fields above. */
  ticket: 5,
  /** Shares that are done. */
  done: 6,
  /** Counts jobs; sleeping workers wait for a change. */
  wake: 7,
  /** 1 once a share of the job failed. */
  failed: 8,
  size: 16,
};

/** Fields of a kernel's arguments, at most; the first three are the units to compute, and the thread's number. */
export const argumentFields = 32;

/**
 * Takes shares of the current job until there are none left.
 *
 * @param {Int32Array} state the control block
 * @param {SharedArrayBuffer} heap
 * @param {{ common: number, own: number, thread: number }} places offsets of the job's and this thread's arguments in
 *   the heap, and the thread's number
 * @param {(op: number, args: number) => number} run
 */
export function takeShares(state, heap, { common, own, thread }, run) {
  const args = new Int32Array(heap, own, argumentFields);
  const source = new Int32Array(heap, common, argumentFields);
  for (;;) {
    const ticket = Atomics.add(state, control.ticket, 1);
    const share = ticket & 0xffff;
    const shares = Atomics.load(state, control.shares);
    if ((Atomics.load(state, control.job) & 0xffff) !== ticket >>> 16 || share >= shares) return;
    const grain = Atomics.load(state, control.grain);
    args.set(source);
    args[0] = share * grain;
    args[1] = Math.min(Atomics.load(state, control.units), (share + 1) * grain);
    args[2] = thread;
    try {
      if (run(Atomics.load(state, control.op), own) !== 0) Atomics.store(state, control.failed, 1);
    } catch {
      // The thread that waits has to hear of it, whichever thread it was.
      Atomics.store(state, control.failed, 1);
    }
    if (Atomics.add(state, control.done, 1) + 1 === shares) Atomics.notify(state, control.done);
  }
}
