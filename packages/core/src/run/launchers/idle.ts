import type { NodeWorker } from '../../contracts/launcher.js';

/**
 * A worker that is watched: once it has done nothing for so many milliseconds, `act` is called. Work that comes just then is
 * begun nevertheless; whoever ends the worker gives it back to others.
 */
export function whenIdle(worker: NodeWorker, milliseconds: number, act: () => void): NodeWorker {
  let working = 0;
  let timer: NodeJS.Timeout | undefined;
  const rest = () => {
    timer = setTimeout(act, milliseconds);
    // It keeps no process.
    timer.unref();
  };
  rest();
  return {
    slots: worker.slots,
    tell: (message) => worker.tell(message),
    async work(...request) {
      working++;
      clearTimeout(timer);
      try {
        return await worker.work(...request);
      } finally {
        if (--working === 0) rest();
      }
    },
  };
}
