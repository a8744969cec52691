import type { StageContext } from '@privatesnn/core';

/** The context of one of several parts of a stage: random streams of its own, and a share of the progress. */
export function partOf(context: StageContext, part: number, parts: number): StageContext {
  return {
    ...context,
    random: (name) => context.random(`part ${part}/${name}`),
    progress: (done, total, note) => {
      context.progress(part + done / total, parts, note);
    },
  };
}
