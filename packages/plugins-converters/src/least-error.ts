import {
  conservesCharge,
  assertImagesFit,
  defineStage,
  input,
  output,
  type Ann,
} from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import {
  assertReLUs,
  checkSignedSpikes,
  maxPoolingOf,
  SPIKING_ENGINE,
  warnOfRemark,
  warnOfTies,
} from '@privatesnn/spiking';

import { sizesOf } from './activations.js';
import { calibrationImages } from './calibration-images.js';
import { leastErrorOptions, type LeastErrorOptions } from './least-error-options.js';
import { isTooDear, searchNetwork } from './least-error-search.js';
import { maxPoolingAdvice, withMaxPooling } from './max-pooling.js';
import { encoderFor, neuronModel } from './neuron-options.js';
import { warnOfPoorAgreement } from './poor-agreement.js';

export const leastError = defineStage({
  kind: 'converter',
  id: 'least-error',
  version: 4,
  summary:
    "Sets each layer's threshold where few time-steps round and cut off its activations least, and corrects weights, biases or initial potentials.",
  source:
    'Bu 2022 (initial potential; clip and round); Li 2021 (calibration of weights, biases and initial potentials); Wang 2022 (signed spikes); Hao 2023 (probe); Huang 2025, Bu 2025 (other thresholds)',
  options: leastErrorOptions,
  presets: {
    tuned: { biases: 'calibrated' },
    auto: { biases: 'calibrated', timeSteps: 'auto' },
    clipped: { thresholds: 'clip', scale: 1 },
  },
  inputs: {
    ann: input('ann', 'the network to convert'),
    images: input('images', 'calibration images: synthetic ones for a data-free conversion'),
  },
  outputs: {
    snn: output('snn', 'the spiking network'),
    thresholds: output('series', 'threshold and largest activation by layer'),
    metrics: output(
      'scalars',
      'T, the scale, the agreement with the ANN on the judged images, those whose largest output several classes share, how many times less energy than the ANN it takes on them',
    ),
  },
  dependencies: { engine: SPIKING_ENGINE, tensors: TENSOR_RUNTIME },
  create: ({ engine, tensors }, options) => ({
    async run(context, { ann: given, images }) {
      assertImagesFit(images, given.architecture);
      assertReLUs(given);
      const ann = withMaxPooling(options, given);
      checkSignedSpikes({ architecture: ann.architecture, neuron: neuronModel(options) });
      const network = { architecture: ann.architecture, encoder: encoderFor(options, ann) };
      warnOfRemark(context, engine, network, 'spikes');
      const calibration = calibrationImages(images, options, context.random('calibration'));
      const search = { context, engine, tensors, ann, calibration, options };
      const sizes = await sizesOf(search);
      const { candidate, tooDear } = await searchNetwork(search, sizes);
      const { snn, units, fit, scale, timeSteps, energyRatio } = candidate;
      const lost = 100 * (1 - fit.agreement);
      if (options.timeSteps === 'auto' && lost > options.allowedLoss) {
        context.warn(
          `No number of time-steps up to ${timeSteps} loses at most ${options.allowedLoss} % of the ANN's answers on ` +
            `the calibration images; ${timeSteps} lose ${lost.toFixed(1)} %` +
            (tooDear === undefined
              ? '. Add larger timeStepCandidates, or allow a larger loss.'
              : `, and ${tooDear} take too much energy. Lower leastEnergyRatio, or allow a larger loss.`),
        );
      }
      if (options.timeSteps === 'auto' && isTooDear(candidate, options)) {
        context.warn(
          `With ${timeSteps} time-steps, the network takes ${energyRatio!.toFixed(1)} times ` +
            `less energy than the ANN, where leastEnergyRatio asks for ${options.leastEnergyRatio}. Add smaller ` +
            'timeStepCandidates, or ask for less.',
        );
      }
      const advice = maxPoolingAdvice(options, given) ?? moreAgreement(options, ann);
      warnOfPoorAgreement(context, fit.agreement, timeSteps, advice);
      const judged = Math.min(calibration.shape[0], options.searchSamples);
      warnOfTies(context, 'the network, or its ANN,', fit.ties, judged);
      const layers = Object.keys(units);
      const largest = layers.map((layer) => sizes[layer]!.largest);
      return {
        snn,
        thresholds: {
          type: 'series',
          title: 'Thresholds',
          xLabel: 'layer',
          yLabel: 'activation',
          x: layers,
          lines: [
            { name: 'threshold', y: layers.map((layer) => units[layer]!) },
            { name: 'largest activation', y: largest },
          ],
        },
        metrics: {
          type: 'scalars',
          values: {
            timeSteps,
            scale,
            readoutScale: snn.readout.scale,
            agreement: fit.agreement,
            explained: fit.explained,
            ties: fit.ties,
            energyRatio,
            samples: calibration.shape[0],
          },
        },
      };
    },
  }),
});

/** What makes a network follow its ANN better. */
function moreAgreement(options: LeastErrorOptions, { architecture }: Ann): string {
  if (options.spikes === 'signed' || !conservesCharge(options)) return 'raise timeSteps';
  const ways = [
    'raise timeSteps',
    ...(maxPoolingOf('spikes', architecture) === undefined
      ? ['let neurons take spikes back (spikes: signed)']
      : []),
    ...(options.probeSteps === 0
      ? ['let them learn from a probe where to start (probeSteps: T)']
      : []),
  ];
  return ways.join(', or ');
}
