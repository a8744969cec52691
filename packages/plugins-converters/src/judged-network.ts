import { pixelsIn, type Images, type Snn } from '@privatesnn/core';
import {
  energyConstants,
  energyRatio,
  fitReadout,
  probeStepsOf,
  readoutOf,
  type ReadoutFit,
} from '@privatesnn/spiking';

import type { Units } from './layer-thresholds.js';
import type { Search } from './least-error-pass.js';

/** A converted network, and how well it follows its ANN on the judged images. */
export interface Candidate {
  readonly timeSteps: number;
  readonly scale: number;
  readonly units: Units;
  readonly snn: Snn;
  readonly fit: ReadoutFit;
  /** How many times less energy than the ANN it takes on the judged images; null where it computes nothing. */
  readonly energyRatio: number | null;
}

/** What candidates are judged by. */
export interface Judge extends Search {
  readonly judged: Images;
  /** The ANN's, [images, classes]. */
  readonly logits: Float32Array;
  readonly seed: number;
}

/** A network with its read-out, and its fit to the ANN's logits. */
export async function judgedNetwork(
  { context, engine, options, judged, logits, seed }: Judge,
  snn: Snn,
  units: Units,
  scale: number,
): Promise<Candidate> {
  const { architecture, timeSteps } = snn;
  const pixels = pixelsIn(judged, snn.encoder.range);
  const ran = await engine.infer({ snn, pixels, seed, signal: context.signal });
  const fit = fitReadout(ran.potentials, logits, architecture.classes);
  const readout = readoutOf(options.readout, { timeSteps, after: options.readoutAfter }, fit);
  const operations = ran.operations.map(({ layer, additions, multiplications }) => ({
    layer,
    additions: additions / judged.shape[0],
    multiplications: multiplications / judged.shape[0],
  }));
  const ratio = energyRatio(
    {
      ...{ architecture, operations, timeSteps },
      ...{ probeSteps: probeStepsOf(snn.neuron), constantInput: 'every-step' },
    },
    energyConstants.integer,
  );
  return { timeSteps, scale, units, snn: { ...snn, readout }, fit, energyRatio: ratio };
}
