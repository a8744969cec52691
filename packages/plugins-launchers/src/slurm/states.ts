/** What Slurm says of one task of an array. */
export interface Task {
  /** `ARRAY_INDEX`. */
  readonly id: string;
  /** Its long name: RUNNING. */
  readonly state: string;
  /** Why it waits or has ended; empty where nothing is said. */
  readonly reason: string;
  /** Empty while it waits. */
  readonly node: string;
}

/** For `squeue --noheader`, with `--array` and `--states=all`; what may hold anything comes last. */
export const squeueFormat = '%i|%T|%N|%r';
/** For `sacct --noheader --parsable2 --allocations`. */
export const sacctFormat = 'JobID,State,NodeList,Reason';

/** Tasks of arrays, from the output of squeue or sacct; tasks that sacct has not seen apart (`17_[3-9]`) are left out. */
export function parseTasks(text: string): Task[] {
  return text.split('\n').flatMap((line) => {
    const [id = '', state = '', node = '', ...reason] = line.trim().split('|');
    if (!/^\d+_\d+$/.test(id)) return [];
    const why = reason.join('|');
    return [
      {
        id,
        // "CANCELLED by 1000"
        state: state.split(/[\s+]/)[0]!,
        reason: why === 'None' ? '' : why,
        node: /^\(?(null|None assigned)?\)?$/.test(node) ? '' : node,
      },
    ];
  });
}

export type TaskLife = 'waits' | 'works' | 'ended';

const working = new Set(
  // While a task completes its worker may still save what it has, and nobody knows yet how it has ended.
  'RUNNING SUSPENDED STOPPED SIGNALING RESIZING STAGE_OUT COMPLETING'.split(' '),
);
const waiting = new Set(
  'PENDING CONFIGURING REQUEUED REQUEUE_FED REQUEUE_HOLD RESV_DEL_HOLD SPECIAL_EXIT'.split(' '),
);

/** A state that is not known is one of those in which a task has ended: its worker, where it lives, goes on nevertheless. */
export function lifeOf(state: string): TaskLife {
  if (waiting.has(state)) return 'waits';
  return working.has(state) ? 'works' : 'ended';
}
