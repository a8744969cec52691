import type { StageContext } from '@privatesnn/core';

/** Below it a network does not do what its ANN does; a good conversion reaches 0.9 and more. */
const poor = 0.8;

/**
 * Tells the user of a network that does not follow its ANN.
 *
 * @param agreement part of the calibration images that both put in the same class
 * @param advice what to change, as the end of a sentence
 */
export function warnOfPoorAgreement(
  context: Pick<StageContext, 'warn'>,
  agreement: number,
  timeSteps: number,
  advice: string,
): void {
  if (agreement >= poor) return;
  context.warn(
    `At ${timeSteps} time-steps the spiking network gives the class of its ANN for only ` +
      `${(100 * agreement).toFixed(0)} % of the calibration images: ${advice}.`,
  );
}
