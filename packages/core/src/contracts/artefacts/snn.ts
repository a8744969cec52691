import { z } from 'zod';

import { spikingLayers } from '../graph.js';
import { architectureSchema } from './architecture.js';
import { wrongInitialPotentials } from './initial-potentials.js';
import type { Immutable } from './immutable.js';
import { neuronSchema } from './neuron.js';
import { misfits, parametersSchema, wrongNames, type Misfit } from './parameters.js';
import { name, pixelRange, size } from './values.js';

const encoder = z.strictObject({
  /**
   * `poisson`: a spike of amplitude sign(x) with probability |x|; `constant`: x itself as a current at every
   * step; `first-spike`: one spike, the earlier the larger |x|.
   */
  kind: z.enum(['poisson', 'constant', 'first-spike']),
  /** Pixels are mapped to this range before encoding: [-1, 1] gives signed spikes, [0, 1] unsigned ones. */
  range: pixelRange,
});

const readout = z.strictObject({
  /**
   * `sum`: as it is; `mean`: divided by the steps summed; `fitted`: times `scale`, fitted to the ANN's logits; `filtered`:
   * not the sum, but the last layer's current as adaptive neurons filter it, at the time-step of reading, times `scale`.
   */
  kind: z.enum(['sum', 'mean', 'fitted', 'filtered']),
  /** The factor on the summed potential (1, 1/(T − after), or the fitted one) or on the filtered current. */
  scale: z.number(),
  /**
   * t₀ < T: the last layer's current of the first so many time-steps, in which few spikes have come that far, is left out
   * of the sum (Hwang 2021); 0 when left out. Not where the current is filtered.
   */
  after: z.int().min(0).optional(),
});

export const snnSchema = z
  .strictObject({
    type: z.literal('snn'),
    architecture: architectureSchema,
    parameters: parametersSchema,
    /** θ of each spiking layer, by its name; > 0. Thresholds of single channels are in the weights: see scaleChannels. */
    thresholds: z.record(name, z.number().positive()),
    /**
     * What an add or a concat multiplies each of its inputs with, by its name, as spikes of several layers may stand for
     * several sizes; 1 where it is left out.
     */
    gains: z.record(name, z.array(z.number().min(0))).optional(),
    neuron: neuronSchema,
    /**
     * v of single channels, which may be any number: u(0) = v·θ, in the place of the neuron model's `initial`; by the name of
     * a spiking layer, [channels]. The channels of layers that are left out start as the model says. Only of
     * integrate-and-fire neurons.
     */
    initialPotentials: z.record(name, z.array(z.number())).optional(),
    encoder,
    readout,
    /** T, the number of time-steps of one inference. */
    timeSteps: size,
    /** [classes] */
    classNames: z.array(name),
  })
  .superRefine((snn, context) => {
    const expected = spikingLayers(snn.architecture).map((layer) => layer.name);
    const thresholds = wrongNames('thresholds', Object.keys(snn.thresholds), expected);
    const unfit = [...misfits(snn)];
    const steps = [...wrongProbe(snn), ...wrongReadout(snn)];
    // Layers that do not fit one another have no channels that could be counted.
    const starts = unfit.length > 0 ? [] : [...wrongInitialPotentials(snn)];
    for (const misfit of [...unfit, ...thresholds, ...wrongGains(snn), ...steps, ...starts]) {
      context.addIssue({ code: 'custom', ...misfit });
    }
  });

function* wrongGains({ architecture, gains = {} }: Pick<Snn, 'architecture' | 'gains'>) {
  for (const [key, values] of Object.entries(gains)) {
    const layer = architecture.layers.find((one) => one.name === key);
    const isJoin = layer?.kind === 'add' || layer?.kind === 'concat';
    const inputs = isJoin ? layer.from?.length : undefined;
    if (inputs === values.length) continue;
    const message = isJoin
      ? `Expected ${inputs}, one for each of its inputs, received ${values.length}`
      : 'The architecture has no add or concat of this name';
    yield { path: ['gains', key], message } satisfies Misfit;
  }
}

function* wrongProbe({ neuron, timeSteps }: Pick<Snn, 'neuron' | 'timeSteps'>) {
  const { probeSteps = 0 } = neuron.kind === 'adaptive' ? {} : neuron;
  if (probeSteps <= timeSteps) return;
  const message = `Expected at most T = ${timeSteps}, received ${probeSteps}`;
  yield { path: ['neuron', 'probeSteps'], message } satisfies Misfit;
}

function* wrongReadout({
  readout: { kind, after = 0 },
  timeSteps,
}: Pick<Snn, 'readout' | 'timeSteps'>) {
  if (after === 0) return;
  const message =
    kind === 'filtered'
      ? `Expected 0 where the current is filtered, which forgets by itself, received ${after}`
      : `Expected less than T = ${timeSteps}, received ${after}`;
  if (kind !== 'filtered' && after < timeSteps) return;
  yield { path: ['readout', 'after'], message } satisfies Misfit;
}

/** A spiking network, as it is deployed: all that its holder, or an attacker, has. */
export interface Snn extends Immutable<z.output<typeof snnSchema>> {}

/** How pixels become the input of the first layer at each time-step. */
export interface Encoder extends Immutable<z.output<typeof encoder>> {}

/** How the last layer's membrane potential, summed over time-steps, becomes logits. */
export interface Readout extends Immutable<z.output<typeof readout>> {}
