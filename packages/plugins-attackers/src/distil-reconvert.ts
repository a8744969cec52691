import {
  defineStage,
  input,
  output,
  type Ann,
  type Images,
  type Scalars,
  type Snn,
  type StageContext,
} from '@privatesnn/core';
import { frozenAnn, TENSOR_RUNTIME, type Tf } from '@privatesnn/runtime-tfjs';
import { reconvertToAnn, SPIKING_ENGINE, warnOfDecline, warnOfTies } from '@privatesnn/spiking';

import { algorithm1 } from './algorithm-1.js';
import { tunedAscent } from './class-image-options.js';
import { warnWithoutGradient } from './class-images.js';
import { distilOptions, type DistilStageOptions } from './distil-options.js';
import { Interrogation } from './interrogation.js';
import { partOf } from './part-of.js';

export const distilReconvert = defineStage({
  kind: 'attacker',
  id: 'distil-reconvert',
  version: 6,
  summary:
    'An adaptive attack 1: distils the spiking network into the re-converted ANN and draws the classes from that.',
  source: 'distillation after Hinton et al. 2015, with Algorithm 1 of PrivateSNN',
  options: distilOptions,
  presets: { tuned: tunedAscent },
  inputs: { victim: input('snn', 'the spiking network that the attacker holds') },
  outputs: {
    images: output('images', 'images of every class, as the attacker sees them'),
    metrics: output(
      'scalars',
      'how the ANN follows the spiking network on queries kept from the distillation, before and after it: agreement of the classes, part of the potentials explained (R²)',
    ),
  },
  dependencies: { engine: SPIKING_ENGINE, runtime: TENSOR_RUNTIME },
  create: ({ engine, runtime }, options) => ({
    async run(context, { victim }) {
      const { tf } = runtime;
      const reconverted = reconvertToAnn(victim);
      const interrogation = new Interrogation(engine, tf, victim, options);
      const parts = options.rounds + 1;
      let ann = reconverted;
      for (let round = 0; round < options.rounds; round++) {
        const here = partOf(context, round, parts);
        const perRound = Math.ceil(options.queries / victim.architecture.classes);
        await interrogation.ask(
          here,
          round === 0
            ? interrogation.noise(here)
            : await draw(tf, here, ann, { ...options, imagesPerClass: perRound }),
        );
        ann = await interrogation.distil(here, ann);
      }
      const images = await draw(tf, partOf(context, options.rounds, parts), ann, options);
      warnWithoutGradient(context, images);
      return {
        images,
        metrics: judgement(context, interrogation, {
          reconverted,
          distilled: ann,
          victim,
          options,
        }),
      };
    },
  }),
});

interface Judged {
  readonly reconverted: Ann;
  readonly distilled: Ann;
  readonly victim: Snn;
  readonly options: DistilStageOptions;
}

/** How well the ANN follows the spiking network, before and after the distillation. */
function judgement(
  context: StageContext,
  interrogation: Interrogation,
  { reconverted, distilled, victim, options }: Judged,
): Scalars {
  if (interrogation.silent) {
    context.warn(
      `The spiking network gives the same answer to every query (T = ${victim.timeSteps}), so there was nothing to distil: the ` +
        'images are drawn from the re-converted network as it is. Raise timeSteps: noise takes longer to reach the ' +
        'last layer than images do.',
    );
    const names = ['agreementBefore', 'agreementAfter', 'explainedBefore', 'explainedAfter'];
    const reason = 'the spiking network gives the same answer to every query';
    return {
      type: 'scalars',
      values: Object.fromEntries(names.map((name) => [name, null])),
      reasons: Object.fromEntries(names.map((name) => [name, reason])),
    };
  }
  const before = interrogation.judge(reconverted);
  const after = interrogation.judge(distilled);
  warnOfDecline(context, {
    what: 'the agreement of the ANN with the spiking network',
    before: before.agreement,
    after: after.agreement,
    images: interrogation.judgedOn,
    rate: ['distilLearningRate', options.distilLearningRate],
  });
  warnOfTies(context, 'the spiking network, or the ANN,', after.ties, interrogation.judgedOn);
  return {
    type: 'scalars',
    values: {
      agreementBefore: before.agreement,
      agreementAfter: after.agreement,
      explainedBefore: before.explained,
      explainedAfter: after.explained,
    },
  };
}

/** Algorithm 1 on an ANN. */
async function draw(
  tf: Tf,
  context: StageContext,
  ann: Ann,
  options: DistilStageOptions,
): Promise<Images> {
  const { architecture, inputRange, classNames } = ann;
  const network = frozenAnn(tf, ann, options.batchSize);
  try {
    const target = { inputShape: architecture.inputShape, inputRange, classNames };
    return await algorithm1(tf, context, target, network.forward, options);
  } finally {
    network.dispose();
  }
}
