import type { Images, RandomStream, Snn } from '@privatesnn/core';
import { noClass, predictedClasses, type SpikingEngine } from '@privatesnn/spiking';

import { simulate } from '../simulate.js';

/** Images, and what the ANN says of each. */
export interface JudgedSet {
  readonly images: Images;
  /** [images], `noClass` where several classes share the ANN's largest logit. */
  readonly annClasses: Int32Array;
}

/** How another network agrees with the ANN. Agreements are on the first set, as means over the noise. */
export interface Verdict {
  readonly before: number;
  readonly after: number;
  /** Whether it agrees more often on the first set, by more than chance explains, and on no set less often. */
  readonly rises: boolean;
  /** Whether it agrees less often on some set, with some noise. */
  readonly falls: boolean;
}

/** Compares networks with the one that is there, by simulation on the same images with the same noise. */
export interface Judge {
  /** How many images the first set has. */
  readonly images: number;
  /** Part of them on which the network that is there agrees with the ANN, as a mean over the noise. */
  agreement(): Promise<number>;
  compare(network: Snn, timeSteps: number): Promise<Verdict>;
}

interface JudgeParts {
  readonly engine: SpikingEngine;
  /** The network that is there, and its T. */
  readonly network: Snn;
  readonly timeSteps: number;
  /** The first set is the one to gain on; on the others nothing may be lost. */
  readonly sets: readonly JudgedSet[];
  readonly batch: number;
  readonly random: RandomStream;
  readonly signal: AbortSignal;
}

/** Noises with which a network with random input is simulated; a gain must be there with each. */
const noises = 3;

/** Standard deviations that a one-sided gain must exceed: 5 %, McNemar's test. */
const significant = 1.645;

/** A judge; it simulates the network that is there once, when it is first asked. */
export function createJudge({ engine, network, timeSteps, sets, ...parts }: JudgeParts): Judge {
  const { batch, random, signal } = parts;
  const runs = network.encoder.kind === 'constant' ? 1 : noises;
  const seeds = Array.from({ length: runs }, () => random.uint32());

  /** By set and noise, whether the network agrees with the ANN on each image. */
  async function agreements(snn: Snn, steps: number): Promise<boolean[][][]> {
    const result: boolean[][][] = [];
    for (const { images, annClasses } of sets) {
      const bySeed: boolean[][] = [];
      for (const seed of seeds) {
        const { logits } = await simulate(engine, snn, images, {
          timeSteps: steps,
          recordAt: [steps],
          batch,
          seed,
          signal,
          onProgress: () => {},
        });
        const predicted = predictedClasses(logits[0]!, snn.architecture.classes);
        bySeed.push([...predicted].map((c, i) => c !== noClass && c === annClasses[i]));
      }
      result.push(bySeed);
    }
    return result;
  }

  let baseline: Promise<boolean[][][]> | undefined;
  const there = () => (baseline ??= agreements(network, timeSteps));
  return {
    images: sets[0]!.images.shape[0],
    agreement: async () => part((await there())[0]!),
    async compare(other, steps) {
      const before = await there();
      const after = await agreements(other, steps);
      const gains = before.map((bySeed, set) =>
        bySeed.map((flags, seed) => gainOf(flags, after[set]![seed]!)),
      );
      const falls = gains.flat().some(({ won, lost }) => won < lost);
      const clear = gains[0]!.every(
        ({ won, lost }) => won - lost > significant * Math.sqrt(won + lost),
      );
      return { before: part(before[0]!), after: part(after[0]!), rises: clear && !falls, falls };
    },
  };
}

function gainOf(before: readonly boolean[], after: readonly boolean[]) {
  const won = after.filter((agrees, i) => agrees && !before[i]).length;
  const lost = before.filter((agreed, i) => agreed && !after[i]).length;
  return { won, lost };
}

function part(flags: readonly (readonly boolean[])[]): number {
  const all = flags.flat();
  return all.filter(Boolean).length / all.length;
}
