import { lasting } from '../lasting.js';
import { lifeOf, type Task } from './states.js';

/**
 * The tasks that a run has at Slurm, from what Slurm says of them. It does nothing, and has no clock: `now` is in
 * milliseconds of any steady one.
 */
export interface Fleet {
  submitted(array: string, count: number): void;
  /**
   * Takes in what Slurm says of the arrays that live.
   *
   * @returns the tasks that have ended since; `UNKNOWN` those of which Slurm knows nothing any more
   */
  look(tasks: readonly Task[]): readonly Task[];
  /** How many tasks wait or work. */
  readonly live: number;
  /** Those of them that wait. */
  readonly waiting: readonly Task[];
  /** Arrays with such tasks. */
  readonly arrays: readonly string[];
  /**
   * How many workers to submit now: all that are missing, once they are half of what is wanted, or a few that have been
   * missing for a while.
   */
  missing(wanted: number, now: number): number;
}

/** Slurm's usual limit of an array (MaxArraySize 1001). */
const largestArray = 1000;

/** @param few milliseconds for which a few missing workers are borne with */
export function createFleet({ few }: { readonly few: number }): Fleet {
  const live = new Map<string, Task>();
  const short = lasting();
  const arrayOf = (id: string) => id.split('_')[0]!;
  return {
    submitted(array, count) {
      for (let index = 1; index <= count; index++) {
        const id = `${array}_${index}`;
        live.set(id, { id, state: 'PENDING', reason: '', node: '' });
      }
    },

    look(tasks) {
      const known = new Map(tasks.map((task) => [task.id, task]));
      const ended: Task[] = [];
      for (const [id, before] of [...live]) {
        const task = known.get(id) ?? { ...before, state: 'UNKNOWN' };
        if (lifeOf(task.state) === 'ended') {
          live.delete(id);
          ended.push(task);
        } else live.set(id, task);
      }
      return ended;
    },

    get live() {
      return live.size;
    },
    get waiting() {
      return [...live.values()].filter(({ state }) => lifeOf(state) === 'waits');
    },
    get arrays() {
      return [...new Set([...live.keys()].map(arrayOf))];
    },

    missing(wanted, now) {
      const lacking = Math.max(0, wanted - live.size);
      const since = short.look(lacking > 0, now) ?? 0;
      const due = lacking >= live.size || since >= few;
      return lacking > 0 && due ? Math.min(lacking, largestArray) : 0;
    },
  };
}
