import type { IntegrateAndFire, Snn } from '@privatesnn/core';
import { isSigned, probeStepsOf } from '@privatesnn/spiking';

import { cannotSay } from './cannot-say.js';
import type { NirArray, NirNode } from './nodes.js';

/** What differs between the libraries that read NIR. */
interface Reader {
  /** Seconds of a time-step that the library takes where it is told nothing; 1 where it knows none. */
  readonly dt: number;
  /** Whether it knows SumPool2d and not AvgPool2d; then the weights behind are divided. */
  readonly sumsPools: boolean;
  /** Whether it knows convolutions in groups. */
  readonly groups: boolean;
  /** A layer of neurons with these thresholds. */
  readonly neuron: (snn: Snn, thresholds: NirArray, dt: number) => NirNode;
}

/**
 * A membrane without leak, where only leaky ones are known: it keeps all but 2⁻³⁰ of its potential a time-step. A power
 * of two, so that what comes in is multiplied and divided without rounding.
 */
const leakless = 2 ** 30;

const integrateAndFire =
  (resistance: (dt: number) => number): Reader['neuron'] =>
  (snn, thresholds, dt) => {
    const { leak } = integrateAndFireOf(snn);
    if (leak < 1) {
      throw cannotSay(
        'the leak of integrate-and-fire neurons',
        'Take target spikingjelly, norse or snntorch.',
      );
    }
    return {
      type: 'IF',
      r: filled(thresholds, resistance(dt)),
      v_threshold: thresholds,
      v_reset: filled(thresholds, 0),
    };
  };

function leaky(snn: Snn, thresholds: NirArray, dt: number): NirNode {
  const steps = stepsOf(integrateAndFireOf(snn));
  return {
    type: 'LIF',
    tau: filled(thresholds, steps * dt),
    r: filled(thresholds, steps),
    v_leak: filled(thresholds, 0),
    v_threshold: thresholds,
    v_reset: filled(thresholds, 0),
  };
}

/** tau / dt of a membrane: λ = 1 − dt/tau. */
function stepsOf({ leak }: IntegrateAndFire): number {
  return leak === 1 ? leakless : 1 / (1 - leak);
}

export const targets = {
  /** What the format itself says: dv/dt = r·i, one second a time-step. */
  generic: { dt: 1, sumsPools: false, groups: true, neuron: integrateAndFire(() => 1) },
  spikingjelly: {
    ...{ dt: 1e-4, sumsPools: false, groups: false },
    neuron: (snn, thresholds, dt) =>
      integrateAndFireOf(snn).leak === 1
        ? integrateAndFire(() => 1 / dt)(snn, thresholds, dt)
        : leaky(snn, thresholds, dt),
  },
  sinabs: { dt: 1, sumsPools: true, groups: true, neuron: integrateAndFire(() => 1) },
  norse: {
    ...{ dt: 1e-3, sumsPools: true, groups: true },
    neuron: (snn, thresholds, dt) => {
      const steps = stepsOf(integrateAndFireOf(snn));
      return {
        type: 'CubaLIF',
        // A synapse that forgets within a time-step lets its current through.
        tau_syn: filled(thresholds, dt),
        tau_mem: filled(thresholds, steps * dt),
        r: filled(thresholds, steps),
        v_leak: filled(thresholds, 0),
        v_threshold: thresholds,
        v_reset: filled(thresholds, 0),
        w_in: filled(thresholds, 1),
      };
    },
  },
  snntorch: { dt: 1e-4, sumsPools: false, groups: true, neuron: leaky },
} as const satisfies Record<string, Reader>;

export type Target = keyof typeof targets;
export const targetNames = Object.keys(targets) as [Target, ...Target[]];

function integrateAndFireOf({ neuron, initialPotentials }: Snn): IntegrateAndFire {
  if (neuron.kind === 'adaptive') {
    throw cannotSay(
      'adaptive neurons',
      'Convert with threshold-balancing or weight-normalisation.',
    );
  }
  if (neuron.reset === 'delayed-soft') {
    throw cannotSay('a reset one step after the spike', 'Convert with `reset: soft` or `hard`.');
  }
  if (probeStepsOf(neuron) > 0) {
    throw cannotSay('a probe that moves initial potentials', 'Convert with `probeSteps: 0`.');
  }
  if (Object.keys(initialPotentials ?? {}).length > 0) {
    throw cannotSay(
      'initial potentials of single channels',
      'Convert with `potentials: fixed`, by which one number holds for all of them.',
    );
  }
  if (isSigned(neuron)) {
    throw cannotSay(
      'signed neurons, as none of its neurons takes a spike back',
      'Convert with `spikes: binary`.',
    );
  }
  return neuron;
}

function filled({ shape, data }: NirArray, value: number): NirArray {
  return { shape, data: new Float32Array(data.length).fill(value) };
}
