import type { Snn } from '@privatesnn/core';

import type { Judge } from './judge.js';
import { changeOf, type Reconversion } from './reconversion/reconversion.js';

export interface Case {
  readonly network: Snn;
  /** T of the simulation. */
  readonly timeSteps: number;
  /** Undefined where the network was trained since, so that converting again would undo that. */
  readonly reconversion: Reconversion | undefined;
  readonly judge: Judge;
  /** Whether accuracy is behind the ANN's, or a layer silent. */
  readonly poor: boolean;
  /** Accuracy at each of the ascending time-steps. */
  readonly curve: { readonly timeSteps: readonly number[]; readonly accuracy: readonly number[] };
  /** Called before each trial. */
  readonly onTrial: (note: string) => void;
}

/** One change, tried by simulation, or none. */
export interface Advice {
  /** The tried value of the converter's option that helps; null where none does, or none was tried. */
  readonly value: number | null;
  /** The T that helps, or that is enough; else the simulation's. */
  readonly timeSteps: number;
  /** Empty where nothing is to be gained. */
  readonly sentence: string;
}

/** A difference of accuracy, as a fraction, that is worth acting on. */
export const worthwhile = 0.01;

/** More time-steps are tried up to so many, and at least twice as many as there are. */
const mostSteps = 64;

/**
 * What to change about a conversion: one option of the converter, or, where no change of that helps, more time-steps. It is
 * told only after a network with the change agreed more often with the ANN in a simulation, so that there are never two
 * contrary advices, and following one loses nothing on the images that it was tried on.
 */
export async function advise(found: Case): Promise<Advice> {
  const { timeSteps } = found;
  if (!found.poor) return (await fewerSteps(found)) ?? { value: null, timeSteps, sentence: '' };
  return (await otherOption(found)) ?? (await moreSteps(found));
}

async function otherOption({ reconversion, judge, ...found }: Case): Promise<Advice | undefined> {
  const { timeSteps, network } = found;
  if (!reconversion) return undefined;
  let best: { value: number; before: number; after: number } | undefined;
  for (const value of reconversion.values) {
    found.onTrial(changeOf(reconversion.option, value));
    const other = await reconversion.convert(value, network.timeSteps);
    if (!other) continue;
    const { rises, before, after } = await judge.compare(other, timeSteps);
    if (rises && after > (best?.after ?? 0)) best = { value, before, after };
    if (best && best.after >= 1 - worthwhile) break;
  }
  if (!best) return undefined;
  const change = changeOf(reconversion.option, best.value);
  const sentence = `Try ${change}: ${rise(best.before, best.after)}.`;
  return { value: best.value, timeSteps, sentence };
}

async function moreSteps({ network, reconversion, judge, ...found }: Case): Promise<Advice> {
  const { timeSteps } = found;
  const start = reconversion
    ? `No change of \`${reconversion.option}\` that was tried raises the agreement with the ANN`
    : 'The weights were trained since, so that no other setting of the converter raises the agreement with the ANN';
  // The most promising change helps some networks only with more time-steps.
  const values = [null, ...(reconversion?.values.slice(0, 1) ?? [])];
  let tried = timeSteps;
  while (tried === timeSteps || 2 * tried <= mostSteps) {
    tried *= 2;
    for (const value of values) {
      const what = `T = ${tried}${value === null ? '' : ` with ${changeOf(reconversion!.option, value)}`}`;
      found.onTrial(what);
      const other = await withSteps(network, reconversion, tried, value);
      if (!other) continue;
      const { rises, before, after } = await judge.compare(other, tried);
      if (!rises) continue;
      const sentence = `${start}. More time-steps help, try ${what}: ${rise(before, after)}.`;
      return { value, timeSteps: tried, sentence };
    }
  }
  const sentence =
    `${start}. Nor do more time-steps, up to T = ${tried}, by more than chance explains: it is ` +
    `${percent(await judge.agreement())} on ${judge.images} images. Look at the first layer from which on the ANN loses ` +
    'accuracy, or raise `limit` to tell smaller differences.';
  return { value: null, timeSteps, sentence };
}

/** The first time-steps with the accuracy of the last, where a network for so few agrees as often with the ANN. */
async function fewerSteps({
  network,
  reconversion,
  judge,
  curve,
  ...found
}: Case): Promise<Advice | undefined> {
  const { timeSteps } = found;
  const last = curve.accuracy.at(-1)!;
  const fewer = curve.timeSteps[curve.accuracy.findIndex((a) => a >= last - worthwhile)]!;
  if (fewer >= timeSteps) return undefined;
  found.onTrial(`T = ${fewer}`);
  const other = await withSteps(network, reconversion, fewer);
  if (!other || (await judge.compare(other, fewer)).falls) return undefined;
  const sentence = `T = ${fewer} already gives the accuracy of T = ${timeSteps} within 1 point.`;
  return { value: null, timeSteps: fewer, sentence };
}

function withSteps(
  network: Snn,
  reconversion: Reconversion | undefined,
  timeSteps: number,
  value: number | null = null,
) {
  return reconversion
    ? reconversion.convert(value, timeSteps)
    : Promise.resolve({ ...network, timeSteps });
}

function rise(before: number, after: number): string {
  return `it agrees with the ANN on ${percent(after)} of the images instead of ${percent(before)}`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}
