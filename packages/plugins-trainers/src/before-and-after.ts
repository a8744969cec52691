import { pixelsIn, type Images, type Snn, type StageContext } from '@privatesnn/core';
import { warnOfDecline, type SpikingEngine } from '@privatesnn/spiking';

import { scoreOf } from './batches.js';

interface Training {
  readonly context: StageContext;
  readonly engine: SpikingEngine;
  /** The network before and after training, with the T of the training. */
  readonly start: Snn;
  readonly trained: Snn;
  /** Images to compare them on. */
  readonly images: Images;
  readonly learningRate: number;
}

/** Parts of the images that a network puts in their class, with the same input noise; a fall is warned of. */
export async function beforeAndAfter({ context, engine, start, trained, ...given }: Training) {
  const { images, learningRate } = given;
  const seed = context.random('before-and-after').uint32();
  const all = Int32Array.from(images.labels, (_, i) => i);
  const accuracy = async (snn: Snn): Promise<number> => {
    const { potentials } = await engine.infer({
      snn,
      pixels: pixelsIn(images, snn.encoder.range),
      seed,
      signal: context.signal,
    });
    return scoreOf(potentials, all, images).correct / all.length;
  };
  const [before, after] = [await accuracy(start), await accuracy(trained)];
  warnOfDecline(context, {
    what: 'the accuracy of the spiking network',
    before,
    after,
    images: all.length,
    rate: ['learningRate', learningRate],
  });
  return { accuracyBefore: before, accuracyAfter: after };
}
