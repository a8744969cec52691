import type { ConverterKind } from './converter-of.js';
import type { LayerStatistics } from './layer-statistics.js';
import type { PercentileChoice } from './percentile.js';

export interface Findings {
  readonly converter: ConverterKind;
  readonly layers: readonly LayerStatistics[];
  /** By layer, the rate that its largest activations ask for; above 1 they are cut off. */
  readonly neededRates: readonly number[];
  /** Accuracy at each of the ascending time-steps. */
  readonly curve: { readonly timeSteps: readonly number[]; readonly accuracy: readonly number[] };
  readonly annAccuracy: number;
  /** The percentile of activations that suits the network best; undefined where all layers of the ANN are silent. */
  readonly percentile: PercentileChoice | undefined;
}

export interface Suggestion {
  /**
   * By how much to multiply `scale` of threshold-balancing, or `threshold` of adaptive-spiking: below 1 where rates leave
   * room, above 1 where they are cut off; 1 where accuracy is not behind the ANN's. Null for weight-normalisation, which
   * has no such option.
   */
  readonly thresholdFactor: number | null;
  /** `percentile` of weight-normalisation; null for the others, which do not set a rate's scale by it alone. */
  readonly percentile: number | null;
  readonly timeSteps: number;
  /** What to try, one sentence each, the most helpful first; empty where nothing is to be gained. */
  readonly advice: readonly string[];
}

/** A difference of accuracy, as a fraction, that is worth acting on. */
const worthwhile = 0.01;

/** What to do where rates are too low or too high, in the options of each converter. */
const remedies: Readonly<Record<ConverterKind, { readonly low: string; readonly high: string }>> = {
  'threshold-balancing': {
    low: 'lower `scale`, or take a `percentile` below 100',
    high: 'raise `scale` or `percentile`',
  },
  'weight-normalisation': { low: 'λ is too large for T there', high: 'λ is too small there' },
  'adaptive-spiking': { low: 'lower `threshold`', high: 'raise `threshold` or `percentile`' },
};

/** What to change about a conversion. */
export function suggest({ converter, layers, ...found }: Findings): Suggestion {
  const { curve, annAccuracy, percentile, neededRates } = found;
  const advice: string[] = [];
  const { low, high } = remedies[converter];
  const last = curve.accuracy.at(-1)!;
  const silent = layers.filter(({ highestRate }) => highestRate === 0);
  const behind = last < annAccuracy - worthwhile;
  const poor = behind || silent.length > 0;
  const saturated = layers.filter(isSaturated);
  const thresholdFactor = factorFor(converter, behind ? layers : [], neededRates);
  const option = converter === 'adaptive-spiking' ? 'threshold' : 'scale';
  const factor = thresholdFactor ?? 1;
  const multiply = `multiply \`${option}\` by ${factor.toFixed(2)}`;

  if (silent.length > 0) advice.push(`No neuron spikes in ${namesOf(silent)}: ${low}.`);
  if (behind && saturated.length > 0) {
    advice.push(
      `More than 1 % of the neurons spike at nearly every time-step in ${namesOf(saturated)}: ` +
        `${factor > 1.1 ? multiply : high}.`,
    );
  } else if (factor < 0.9) advice.push(`The rates leave room: ${multiply}.`);
  const dead = layers.filter((layer) => layer.dead > 0.5 && layer.highestRate > 0);
  if (behind && dead.length > 0) {
    advice.push(
      `More than half of the neurons that the ANN uses never spike in ${namesOf(dead)}: ${low}.`,
    );
  }
  const normalised = converter === 'weight-normalisation' ? percentile : undefined;
  if (poor && normalised && normalised.error < 0.9 * normalised.errorNow) {
    advice.push(
      `\`statistic: percentile\` with \`percentile: ${normalised.percentile}\` would lower the squared error of the ` +
        `rates from ${percent(normalised.errorNow)} to ${percent(normalised.error)} of the activations' squares.`,
    );
  }

  const longest = curve.timeSteps.at(-1)!;
  const timeSteps = stepsFor(curve, { behind, poor });
  if (timeSteps > longest) {
    advice.push(`Accuracy still rises at T = ${longest}: try T = ${timeSteps}.`);
  } else if (timeSteps < longest) {
    advice.push(`T = ${timeSteps} already gives the accuracy of T = ${longest} within 1 point.`);
  }
  return { thresholdFactor, percentile: normalised?.percentile ?? null, timeSteps, advice };
}

/**
 * The smallest factor on all thresholds with which no layer's rates are cut off. In threshold balancing each layer's
 * rates feed the next, so that a factor f raises the rates of the l-th layer by about f^−l, and f = maxₗ rₗ^(1/l) with
 * rₗ the layer's highest rate. Spikes of adaptive neurons stand for less where thresholds are lower, so that
 * f = maxₗ rₗ. The rates of a saturated layer tell too little: there rₗ is the rate that its activations need.
 */
function factorFor(
  converter: ConverterKind,
  layers: readonly LayerStatistics[],
  neededRates: readonly number[],
): number | null {
  if (converter === 'weight-normalisation') return null;
  const room = layers.map((layer, i) => {
    const rate = isSaturated(layer)
      ? Math.max(layer.highestRate, neededRates[i]!)
      : layer.highestRate;
    return converter === 'adaptive-spiking' ? rate : rate ** (1 / (i + 1));
  });
  const largest = Math.max(0, ...room);
  return largest > 0 && Number.isFinite(largest) ? largest : 1;
}

function isSaturated({ saturated }: LayerStatistics): boolean {
  return saturated > worthwhile;
}

/** The first time-step that gives the last accuracy, where that is good; twice as many where accuracy still rises. */
function stepsFor(
  { timeSteps, accuracy }: Findings['curve'],
  { behind, poor }: { readonly behind: boolean; readonly poor: boolean },
): number {
  const longest = timeSteps.at(-1)!;
  const enough = timeSteps[accuracy.findIndex((a) => a >= accuracy.at(-1)! - worthwhile)]!;
  const rising = enough === longest && timeSteps.length > 1;
  if (behind && rising) return 2 * longest;
  return poor ? longest : enough;
}

function namesOf(layers: readonly LayerStatistics[]): string {
  return layers.map(({ layer }) => layer).join(', ');
}

/** A fraction with two significant digits, as a percentage. */
function percent(fraction: number): string {
  return `${Number((100 * fraction).toPrecision(2))} %`;
}
