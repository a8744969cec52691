import { spikingChannels } from '../graph.js';
import type { Misfit } from './parameters.js';
import type { Snn } from './snn.js';

/** Initial potentials that are not one finite number for each channel of a spiking layer of integrate-and-fire neurons. */
export function* wrongInitialPotentials({
  architecture,
  neuron,
  initialPotentials,
}: Pick<Snn, 'architecture' | 'neuron' | 'initialPotentials'>): Generator<Misfit> {
  if (!initialPotentials) return;
  if (neuron.kind === 'adaptive') {
    yield {
      path: ['initialPotentials'],
      message: 'Adaptive neurons have none: expected no such field',
    };
    return;
  }
  const layers = spikingChannels(architecture);
  for (const [name, values] of Object.entries(initialPotentials)) {
    const path = ['initialPotentials', name];
    const channels = layers.get(name);
    const strange = values.find((value) => !Number.isFinite(value));
    if (channels === undefined) {
      const expected = [...layers.keys()].join(', ') || 'none';
      yield {
        path,
        message: `The architecture has no spiking layer of this name; expected ${expected}`,
      };
    } else if (values.length !== channels) {
      const message = `Expected ${channels}, one for each of its channels, received ${values.length}`;
      yield { path, message };
    } else if (strange !== undefined) {
      yield { path, message: `Expected finite numbers, received ${strange}` };
    }
  }
}
