import type { LayerStatistics } from './layer-statistics.js';

export interface Suggestion {
  /** By how much to multiply all thresholds; below 1 where rates leave room, 1 where they do not. */
  readonly thresholdFactor: number;
  readonly timeSteps: number;
  /** What to try, one sentence each, the most helpful first; empty where nothing is to be gained. */
  readonly advice: readonly string[];
}

/** A loss of accuracy, as a fraction, that is worth acting on. */
const worthwhile = 0.01;

/**
 * What to change about a conversion.
 *
 * A uniform factor f on all thresholds raises the rates of the l-th layer by about f^−l, since each layer's
 * rates feed the next; so f = maxₗ rₗ^(1/l), with rₗ the layer's highest rate, is the smallest factor that
 * saturates no layer.
 *
 * @param curve accuracy at each of the ascending time-steps
 */
export function suggest(
  layers: readonly LayerStatistics[],
  curve: { readonly timeSteps: readonly number[]; readonly accuracy: readonly number[] },
  annAccuracy: number,
): Suggestion {
  const advice: string[] = [];
  const active = layers.map((layer) => layer.highestRate).filter((rate) => rate > 0);
  const room = layers.map(({ highestRate }, i) => highestRate ** (1 / (i + 1)));
  const thresholdFactor = active.length > 0 ? Math.min(1, Math.max(...room)) : 1;

  const silent = layers.filter(({ highestRate }) => highestRate === 0);
  if (silent.length > 0) {
    advice.push(
      `No neuron spikes in ${namesOf(silent)}: lower the threshold scale, or take a percentile below 100, until they do.`,
    );
  }
  const saturated = layers.filter((layer) => layer.saturated > worthwhile);
  if (saturated.length > 0) {
    advice.push(
      `More than 1 % of the neurons spike at nearly every time-step in ${namesOf(saturated)}: raise the threshold scale or the percentile.`,
    );
  } else if (thresholdFactor < 0.9) {
    advice.push(
      `The rates leave room: multiply the threshold scale by ${thresholdFactor.toFixed(2)}.`,
    );
  }
  const dead = layers.filter((layer) => layer.dead > 0.5 && layer.highestRate > 0);
  if (dead.length > 0) {
    advice.push(
      `More than half of the neurons that the ANN uses never spike in ${namesOf(dead)}: single large currents set the threshold; take a lower percentile (99.9).`,
    );
  }

  const last = curve.accuracy.at(-1)!;
  const longest = curve.timeSteps.at(-1)!;
  const enough = curve.timeSteps[curve.accuracy.findIndex((a) => a >= last - worthwhile)]!;
  const rising = enough === longest && curve.timeSteps.length > 1;
  const timeSteps = rising && last < annAccuracy - worthwhile ? 2 * longest : enough;
  if (timeSteps > longest) {
    advice.push(`Accuracy still rises at T = ${longest}: try T = ${timeSteps}.`);
  } else if (timeSteps < longest) {
    advice.push(`T = ${timeSteps} already gives the accuracy of T = ${longest} within 1 point.`);
  }
  return { thresholdFactor, timeSteps, advice };
}

function namesOf(layers: readonly LayerStatistics[]): string {
  return layers.map(({ layer }) => layer).join(', ');
}
