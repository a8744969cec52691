/** How long a stage that saves checkpoints may go on to its next one. */
const checkpointMilliseconds = 8000;
/** How long a stage may take to notice that it shall end. */
const graceMilliseconds = 700;

/** Ends a stage gently: after its next checkpoint where it saves any, else at its next look at the signal. */
export interface StopSignal {
  /** What the stage gets as `context.signal`. */
  readonly signal: AbortSignal;
  /** Saves a checkpoint; where the stage shall end, it ends when that is saved. */
  whileSaving(save: () => Promise<void>): Promise<void>;
  /** The work's outcome, or, a moment after the stage was told to end, the signal's reason. */
  race<T>(work: Promise<T>): Promise<T>;
}

/**
 * @param asked aborted when the work shall end
 * @param lost aborted when the work is another's: it ends at once, without a checkpoint
 */
export function createStop(asked: AbortSignal, lost: AbortSignal): StopSignal {
  const stage = new AbortController();
  let saving = 0;
  let saves = false;
  let timer: NodeJS.Timeout | undefined;
  const tell = (reason: unknown) => {
    clearTimeout(timer);
    stage.abort(reason);
  };
  const onAsked = () => {
    if (!saves) return tell(asked.reason);
    timer = setTimeout(tell, checkpointMilliseconds, asked.reason);
  };
  const onLost = () => tell(lost.reason);
  if (asked.aborted) onAsked();
  asked.addEventListener('abort', onAsked, { once: true });
  lost.addEventListener('abort', onLost, { once: true });

  return {
    signal: stage.signal,
    async whileSaving(save) {
      saves = true;
      saving++;
      try {
        // What lost its lease must not write over its successor's checkpoint.
        if (!lost.aborted) await save();
      } finally {
        saving--;
      }
      if (asked.aborted) tell(asked.reason);
    },
    async race(work) {
      let late: NodeJS.Timeout | undefined;
      const ended = new Promise<never>((_, reject) => {
        const give = () => {
          const end = () => {
            // A checkpoint that is being written is finished.
            if (saving > 0) late = setTimeout(end, 50);
            else reject(stage.signal.reason as Error);
          };
          late = setTimeout(end, graceMilliseconds);
        };
        if (stage.signal.aborted) give();
        else stage.signal.addEventListener('abort', give, { once: true });
      });
      try {
        return await Promise.race([work, ended]);
      } finally {
        clearTimeout(late);
        clearTimeout(timer);
        asked.removeEventListener('abort', onAsked);
        lost.removeEventListener('abort', onLost);
      }
    },
  };
}
