import type { Snn } from '@privatesnn/core';

/** How a network would have come out with other options of its converter. */
export interface Reconversion {
  readonly option: 'scale' | 'threshold' | 'percentile';
  /** What to try: factors on `scale` and `threshold`, values of `percentile`; the most promising first. */
  readonly values: readonly number[];
  /**
   * @param value one of `values`, or null to leave the option as it is
   * @param timeSteps the converter's `timeSteps`
   * @returns undefined where the conversion fails, as where a layer is silent
   */
  convert(value: number | null, timeSteps: number): Promise<Snn | undefined>;
}

/** The change of the option, in words. */
export function changeOf(option: Reconversion['option'], value: number): string {
  return option === 'percentile'
    ? `\`statistic: percentile\` with \`percentile: ${value}\``
    : `\`${option}\` times ${value}`;
}
