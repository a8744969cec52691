import { lasting } from '../lasting.js';
import { lifeOf, type Task } from './states.js';

/**
 * The tasks that a run has at Slurm, from what Slurm says of them. It does nothing, and has no clock: `now` is in
 * milliseconds of any steady one. A follow-up is held by Slurm until the tasks before it have ended, or until it is released.
 */
export interface Fleet {
  /** @param follows whether they are follow-ups */
  submitted(array: string, count: number, follows?: boolean): void;
  /** Takes in what Slurm says of the arrays that live. */
  look(tasks: readonly Task[]): {
    /** The tasks that have ended since; `UNKNOWN` those of which Slurm knows nothing any more. */
    readonly ended: readonly Task[];
    /** Those, as they were, that worked and wait again: their node failed, or others went before. */
    readonly requeued: readonly Task[];
  };
  /** Follow-ups that need not wait any more. */
  released(ids: readonly string[]): void;
  /** Tasks that this run has cancelled: how they end is no news. */
  dismissed(ids: readonly string[]): void;
  /** How many tasks wait or work, without follow-ups. */
  readonly live: number;
  /** Those of them that wait. */
  readonly waiting: readonly Task[];
  /** Ids of the follow-ups, the oldest first. */
  readonly held: readonly string[];
  /** Arrays with tasks of either kind. */
  readonly arrays: readonly string[];
  /**
   * How many workers to submit now: all that are missing, once they are half of what is wanted, or a few that have been
   * missing for a while.
   */
  missing(wanted: number, now: number): number;
  /** How many follow-ups to submit now, by the same rule. */
  missingBehind(wanted: number, now: number): number;
  /** Follow-ups, the latest, that have been too many for a while. */
  surplus(wanted: number, now: number): readonly string[];
}

/** Slurm's usual limit of an array (MaxArraySize 1001). */
const largestArray = 1000;

/** @param few milliseconds for which a few missing workers are borne with */
export function createFleet({ few }: { readonly few: number }): Fleet {
  const tasks = new Map<string, Task>();
  const behind = new Set<string>();
  const short = shortage(few);
  const shortBehind = shortage(few);
  const long = lasting();
  const live = () => [...tasks.values()].filter(({ id }) => !behind.has(id));
  const forget = (id: string) => {
    tasks.delete(id);
    behind.delete(id);
  };
  return {
    submitted(array, count, follows = false) {
      for (let index = 1; index <= count; index++) {
        const id = `${array}_${index}`;
        tasks.set(id, { id, state: 'PENDING', reason: '', node: '' });
        if (follows) behind.add(id);
      }
    },

    look(seen) {
      const known = new Map(seen.map((task) => [task.id, task]));
      const ended: Task[] = [];
      const requeued: Task[] = [];
      for (const [id, before] of [...tasks]) {
        const task = known.get(id) ?? { ...before, state: 'UNKNOWN' };
        if (lifeOf(task.state) === 'ended') {
          forget(id);
          ended.push(task);
          continue;
        }
        if (lifeOf(before.state) === 'works' && lifeOf(task.state) === 'waits') {
          requeued.push(before);
        }
        tasks.set(id, task);
        if (!mayFollow(task)) behind.delete(id);
      }
      return { ended, requeued };
    },

    released(ids) {
      for (const id of ids) behind.delete(id);
    },
    dismissed(ids) {
      for (const id of ids) forget(id);
    },

    get live() {
      return tasks.size - behind.size;
    },
    get waiting() {
      return live().filter(({ state }) => lifeOf(state) === 'waits');
    },
    get held() {
      return [...behind];
    },
    get arrays() {
      return [...new Set([...tasks.keys()].map((id) => id.split('_')[0]!))];
    },

    missing: (wanted, now) => short(tasks.size - behind.size, wanted, now),
    missingBehind: (wanted, now) => shortBehind(behind.size, wanted, now),
    surplus(wanted, now) {
      const since = long.look(behind.size > wanted, now) ?? 0;
      return since >= few ? [...behind].slice(wanted) : [];
    },
  };
}

/** Whether a follow-up is still one; what Slurm has not looked at yet has no reason. */
const mayFollow = ({ state, reason }: Task) =>
  lifeOf(state) === 'waits' && (reason === '' || reason === 'Dependency');

function shortage(few: number) {
  const short = lasting();
  return (there: number, wanted: number, now: number) => {
    const lacking = Math.max(0, wanted - there);
    const since = short.look(lacking > 0, now) ?? 0;
    const due = lacking >= there || since >= few;
    return lacking > 0 && due ? Math.min(lacking, largestArray) : 0;
  };
}
