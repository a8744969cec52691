import {
  assertImagesFit,
  defineStage,
  input,
  output,
  partOfImages,
  pixelsIn,
  spikingLayers,
  UserError,
  type Ann,
  type Images,
  type RandomStream,
  type Snn,
  type StageContext,
} from '@privatesnn/core';
import { annLogits, TENSOR_RUNTIME, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  assertReLUs,
  checkSignedSpikes,
  fitReadout,
  readoutOf,
  scaleThresholds,
  SPIKING_ENGINE,
  toRates,
  warnOfRemark,
  warnOfTies,
  type Balance,
  type ReadoutFit,
  type SpikingEngine,
} from '@privatesnn/spiking';

import { calibrationImages } from './calibration-images.js';
import { undelayedSteps } from './layer-delay.js';
import { maxPoolingAdvice, withMaxPooling } from './max-pooling.js';
import { encoderFor, neuronModel } from './neuron-options.js';
import { warnOfPoorAgreement } from './poor-agreement.js';
import {
  thresholdBalancingOptions,
  thresholdBalancingPresets,
  type ThresholdBalancingOptions as Options,
} from './threshold-balancing-options.js';

const unfittedReadout =
  "The network's output does not follow the ANN on the calibration images, so that no read-out could be fitted; " +
  'its mean over time is used. Raise timeSteps, lower the threshold scale, or use stronger images.';

/** A balanced network and how well it follows its ANN. */
interface Candidate {
  readonly scale: number;
  readonly snn: Snn;
  readonly balance: Balance;
  readonly fit: ReadoutFit;
}

export const thresholdBalancing = defineStage({
  kind: 'converter',
  id: 'threshold-balancing',
  version: 5,
  summary:
    "Copies the ANN's weights and sets each layer's threshold to its largest input current, layer by layer.",
  source:
    'Sengupta 2019; soft reset and threshold scale: Han 2020; Rathi 2020; PrivateSNN v1, Algorithm 1',
  options: thresholdBalancingOptions,
  presets: thresholdBalancingPresets,
  inputs: {
    ann: input('ann', 'the network to convert'),
    images: input('images', 'calibration images: synthetic ones for a data-free conversion'),
  },
  outputs: {
    snn: output('snn', 'the spiking network'),
    thresholds: output('series', 'threshold and largest input current by layer'),
    metrics: output(
      'scalars',
      'the scale, the agreement with the ANN on the calibration images, their number, those whose largest output several classes share',
    ),
  },
  dependencies: { engine: SPIKING_ENGINE, tensors: TENSOR_RUNTIME },
  create: ({ engine, tensors }, given) => ({
    async run(context, { ann: original, images }) {
      assertImagesFit(images, original.architecture);
      assertReLUs(original);
      const ann = withMaxPooling(given, original);
      checkSignedSpikes({ architecture: ann.architecture, neuron: neuronModel(given) });
      const options = { ...given, timeSteps: undelayedSteps(given, ann) };
      const network = { architecture: ann.architecture, encoder: encoderFor(options, ann) };
      warnOfRemark(context, engine, network, 'spikes');
      const noise = context.random('encoder');
      const draw = context.random('calibration');
      const calibration = calibrationImages(images, options, draw);
      const best = await bestCandidate(context, engine, tensors, ann, calibration, options, noise);
      const { snn, balance, fit, scale } = best;
      if (options.readout !== snn.readout.kind) context.warn(unfittedReadout);
      const advice = maxPoolingAdvice(options, original) ?? lowerThresholds(options);
      warnOfPoorAgreement(context, fit.agreement, stepsOf(options), advice);
      const judged = Math.min(calibration.shape[0], options.searchSamples);
      warnOfTies(context, 'the network, or its ANN,', fit.ties, judged);
      return {
        snn,
        thresholds: thresholdSeries(balance, snn),
        metrics: {
          type: 'scalars',
          values: {
            scale,
            readoutScale: snn.readout.scale,
            agreement: fit.agreement,
            explained: fit.explained,
            ties: fit.ties,
            samples: calibration.shape[0],
          },
        },
      };
    },
  }),
});

/** What makes a network follow its ANN better, the cheapest first. */
function lowerThresholds({ scale, initialPotential, timeSteps }: Options): string {
  const half =
    initialPotential > 0
      ? ''
      : 'let membranes start at θ/2 (initialPotential: 0.5), which few steps need; ';
  const lower =
    scale === 'auto' ? 'add lower scaleCandidates' : 'lower the scale, or take scale: auto';
  return `${half}${lower}; raise timeSteps above ${timeSteps}; or convert by least-error`;
}

async function bestCandidate(
  context: StageContext,
  engine: SpikingEngine,
  tensors: TensorRuntime,
  ann: Ann,
  calibration: Images,
  options: Options,
  noise: RandomStream,
): Promise<Candidate> {
  const judged = partOfImages(calibration, options.searchSamples);
  const logits = await annLogits(tensors, ann, judged, { signal: context.signal });
  const seeds = { calibration: noise.uint32(), judging: noise.uint32() };
  const scales = options.scale === 'auto' ? options.scaleCandidates : [options.scale];
  const balanceAt = (scale: number, report: (part: number) => void): Promise<Balance> =>
    balanced(engine, ann, calibration, options, scale, seeds.calibration, context.signal, report);
  let unscaled: Balance | undefined;
  let best: Candidate | undefined;
  for (const [i, scale] of scales.entries()) {
    const report = (part: number) =>
      context.progress(i + part, scales.length, `threshold scale ${scale}`);
    const reportBalance = (part: number) => report(0.6 * part);
    const balance =
      options.scaleApplied === 'afterwards'
        ? scaled(ann, (unscaled ??= await balanceAt(1, reportBalance)), scale)
        : await balanceAt(scale, reportBalance);
    const snn = network(ann, balance, options);
    const { potentials } = await engine.infer({
      snn,
      timeSteps: stepsOf(options),
      pixels: pixelsIn(judged, snn.encoder.range),
      seed: seeds.judging,
      signal: context.signal,
      onProgress: (done, total) => report(0.6 + (0.4 * done) / total),
    });
    const fit = fitReadout(potentials, logits, ann.architecture.classes);
    context.record('threshold-scale', { candidate: scale, fit, layers: balance.layers });
    if (!best || fit.explained > best.fit.explained) {
      // Potentials grow with time: a scale fitted over the calibration's steps is brought to the network's.
      const { timeSteps, readoutAfter: after } = options;
      const grown = (fit.scale * (stepsOf(options) - after)) / (timeSteps - after);
      const rescaled = { ...fit, scale: grown };
      const readout = readoutOf(options.readout, { timeSteps, after }, rescaled);
      best = { scale, snn: { ...snn, readout }, balance, fit };
    }
  }
  return best!;
}

async function balanced(
  engine: SpikingEngine,
  ann: Ann,
  calibration: Images,
  options: Options,
  scale: number,
  seed: number,
  signal: AbortSignal,
  report: (part: number) => void,
): Promise<Balance> {
  const encoder = encoderFor(options, ann);
  const balance = await engine.balanceThresholds({
    architecture: ann.architecture,
    parameters: ann.parameters,
    neuron: neuronModel(options),
    encoder,
    timeSteps: stepsOf(options),
    scale,
    scaleBiases: true,
    percentile: options.percentile,
    pixels: pixelsIn(calibration, encoder.range),
    seed,
    signal,
    onProgress: (done, total) => report(done / total),
  });
  const silent = spikingLayers(ann.architecture).find(
    (layer) => !((balance.thresholds[layer.name] ?? 0) > 0),
  );
  if (silent) {
    throw new UserError(
      'run',
      'SILENT_LAYER',
      `Layer "${silent.name}" received no positive input current from ${calibration.shape[0]} calibration ` +
        `images in ${stepsOf(options)} time-steps, so it has no threshold.`,
      {
        hint: 'The layers before it spike too little: lower the threshold scale, raise calibrationSteps, or use stronger calibration images.',
      },
    );
  }
  return balance;
}

/** The balance with scaled thresholds; currents and spikes stay those of the calibration. */
function scaled({ architecture }: Ann, balance: Balance, scale: number): Balance {
  return { ...balance, thresholds: scaleThresholds(architecture, balance.thresholds, scale) };
}

/** Time-steps of the calibration and of the judging of candidates. */
function stepsOf({ calibrationSteps, timeSteps }: Options): number {
  return calibrationSteps ?? timeSteps;
}

function network(ann: Ann, balance: Balance, options: Options): Snn {
  return {
    type: 'snn',
    architecture: ann.architecture,
    ...toRates(ann.architecture, ann.parameters, balance.thresholds),
    thresholds: balance.thresholds,
    neuron: neuronModel(options),
    encoder: encoderFor(options, ann),
    readout: readoutOf('sum', { timeSteps: options.timeSteps, after: options.readoutAfter }),
    timeSteps: options.timeSteps,
    classNames: ann.classNames,
  };
}

function thresholdSeries(balance: Balance, snn: Snn) {
  const layers = balance.layers.filter(({ layer }) => snn.thresholds[layer] !== undefined);
  return {
    type: 'series' as const,
    title: 'Thresholds',
    xLabel: 'layer',
    yLabel: 'input current',
    x: layers.map(({ layer }) => layer),
    lines: [
      { name: 'threshold', y: layers.map(({ layer }) => snn.thresholds[layer]!) },
      { name: 'largest input current', y: layers.map(({ current }) => current) },
    ],
  };
}
