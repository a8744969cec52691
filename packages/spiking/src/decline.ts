import type { StageContext } from '@privatesnn/core';

/** A figure before and after training, as parts of so many images. */
export interface Outcome {
  /** "the accuracy of the spiking network". */
  readonly what: string;
  readonly before: number;
  readonly after: number;
  readonly images: number;
  /** The option that sets the learning rate, and its value. */
  readonly rate: readonly [option: string, value: number];
}

/** Warns where training ended below its start, with both figures and what to change. */
export function warnOfDecline(
  context: Pick<StageContext, 'warn'>,
  { what, before, after, images, rate: [option, value] }: Outcome,
): void {
  if (after >= before) return;
  const percent = (part: number) => `${Number((100 * part).toFixed(2))} %`;
  context.warn(
    `Training ended below its start: ${what}, on ${images} images, fell from ${percent(before)} to ${percent(after)}. ` +
      `Lower ${option} (it is ${value}).`,
  );
}
