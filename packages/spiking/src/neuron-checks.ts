import {
  conservesCharge,
  layerText,
  spikingLayers,
  type AdaptiveNeuron,
  type IntegrateAndFire,
  type NeuronModel,
  type Snn,
} from '@privatesnn/core';

import { fail } from './fail.js';
import { maxPoolingOf } from './max-pooling.js';
import { probeStepsOf } from './offset-spikes.js';
import { isSigned } from './taking-back.js';

/**
 * A network's integrate-and-fire neurons.
 *
 * @param what as in "cannot ... a network of adaptive neurons"
 * @throws UserError where the neurons are adaptive
 */
export function integrateAndFireOf(
  { neuron }: Pick<Snn, 'neuron'>,
  what: string,
): IntegrateAndFire {
  if (neuron.kind === 'integrate-and-fire') return neuron;
  fail(
    'configuration',
    'ADAPTIVE_NEURON',
    `Expected integrate-and-fire neurons: the framework cannot ${what} a network of adaptive neurons.`,
    'Such a network can be tested, and attacked by re-conversion; convert with threshold-balancing or weight-normalisation for the rest.',
  );
}

/** Integrate-and-fire neurons whose spikes are 0 or 1, and depend on the time-steps before alone. */
export type BinaryNeuron = IntegrateAndFire & {
  readonly signed?: false | undefined;
  readonly probeSteps?: undefined;
};

/**
 * The same, for what takes the spike as a step of the membrane potential alone.
 *
 * @throws UserError where the neurons are adaptive, signed, or have a probe
 */
export function binaryNeuronOf(network: Pick<Snn, 'neuron'>, what: string): BinaryNeuron {
  const neuron = integrateAndFireOf(network, what);
  if (probeStepsOf(neuron) > 0) {
    fail(
      'configuration',
      'PROBING_NEURON',
      `Expected neurons without a probe: the framework cannot ${what} a network whose neurons move their initial potentials by one.`,
      'Convert with probeSteps: 0 for this; such a network can be tested, and attacked by re-conversion.',
    );
  }
  if (!isSigned(neuron)) return neuron as BinaryNeuron;
  fail(
    'configuration',
    'SIGNED_NEURON',
    `Expected neurons whose spikes are 0 or 1: the framework cannot ${what} a network of signed neurons, as a spike that is taken back depends on all before it.`,
    'Convert with spikes: binary for this; a network of signed neurons can be tested, and attacked by re-conversion.',
  );
}

/**
 * Refuses what signed neurons (taking-back.js) cannot be part of: a spike that a window's maximum has let through
 * cannot be taken back by another of the window.
 *
 * @throws UserError
 */
export function checkSignedSpikes({
  architecture,
  neuron,
}: Pick<Snn, 'architecture' | 'neuron'>): void {
  if (neuron.kind === 'adaptive' || !isSigned(neuron)) return;
  const { leak, reset } = neuron;
  if (!conservesCharge(neuron)) {
    fail(
      'configuration',
      'SIGNED_NEURON',
      `Expected signed neurons without leak and with a soft reset, received a leak λ of ${leak} and the reset ${reset}.`,
      'Set leak: 1 and reset: soft, or spikes: binary.',
    );
  }
  const pool = maxPoolingOf('spikes', architecture);
  if (pool === undefined) return;
  const { layers, name } = architecture;
  fail(
    'configuration',
    'SIGNED_MAX_POOLING',
    `Expected no max-pooling of the spikes of signed neurons, but ${layerText(layers[pool]!, pool)} of ${name} is one: what has passed cannot be taken back by another neuron of the window.`,
    'Convert with maxPooling: currents, which puts the neurons behind the pooling, or with spikes: binary.',
  );
}

/**
 * Checks that neurons with a probe (offset-spikes.js) are such as can have one, and that it is within an inference.
 *
 * @throws UserError
 */
export function checkProbe(neuron: NeuronModel, timeSteps: number): void {
  const probeSteps = probeStepsOf(neuron);
  if (neuron.kind === 'adaptive' || probeSteps === 0) return;
  if (!Number.isInteger(probeSteps) || probeSteps < 0 || probeSteps > timeSteps) {
    fail(
      'configuration',
      'ENGINE_PROBE',
      `Expected a probe of whole time-steps up to T = ${timeSteps}, received ${probeSteps}.`,
      'Run the network for as many time-steps at least, or convert with fewer probeSteps.',
    );
  }
  if (conservesCharge(neuron) && !isSigned(neuron)) return;
  fail(
    'configuration',
    'PROBING_NEURON',
    `Expected neurons with a probe without leak, with a soft reset and binary spikes, received a leak λ of ${neuron.leak}, the reset ${neuron.reset} and ${isSigned(neuron) ? 'signed' : 'binary'} spikes.`,
    'Set leak: 1, reset: soft and spikes: binary, or probeSteps: 0.',
  );
}

/** Checks the numbers of a neuron model. @throws UserError */
export function checkNeuron(neuron: NeuronModel): void {
  if (neuron.kind === 'adaptive') {
    checkAdaptive(neuron);
    return;
  }
  const { leak, initial } = neuron;
  if (!(leak > 0 && leak <= 1)) {
    fail(
      'configuration',
      'ENGINE_LEAK',
      `Expected a leak λ above 0 and up to 1, received ${leak}.`,
      'λ is the part of the membrane potential that is kept; 1 keeps all of it.',
    );
  }
  if (!(initial >= 0 && initial < 1)) {
    fail(
      'configuration',
      'ENGINE_INITIAL',
      `Expected an initial potential v from 0 to below 1, received ${initial}.`,
      'Membranes start at v · θ; 0 starts them empty.',
    );
  }
}

function checkAdaptive({ rest, growth, kind: _, ...decays }: AdaptiveNeuron): void {
  const wrong = [
    ...Object.entries(decays).filter(([, value]) => !(value >= 0 && value < 1)),
    ...Object.entries({ growth }).filter(([, value]) => !(value >= 0 && value < Infinity)),
    ...Object.entries({ rest }).filter(([, value]) => !(value > 0 && value < Infinity)),
  ];
  if (wrong.length > 0) {
    fail(
      'data',
      'ENGINE_ADAPTIVE',
      `Expected decays from 0 and below 1, a growth from 0 and a rest above 0, received ${wrong
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}.`,
      'A decay is exp(−1/τ), with the time constant τ in time-steps.',
    );
  }
}

/** Checks that every spiking layer has a threshold above 0. @throws UserError */
export function checkThresholds(snn: Snn): void {
  for (const { name } of spikingLayers(snn.architecture)) {
    const threshold = snn.thresholds[name];
    if (threshold === undefined || !(threshold > 0) || !Number.isFinite(threshold)) {
      fail(
        'data',
        'ENGINE_THRESHOLD',
        `Expected a threshold above 0 for layer "${name}", received ${threshold ?? 'none'}.`,
        'Balance the thresholds first; a layer that no positive current reaches gets none.',
      );
    }
  }
}
