import { layerShapes, summingLayers, UserError, type Series, type Snn } from '@privatesnn/core';
import type { LayerOperations } from '@privatesnn/spiking';

const additions = 'additions';
const multiplications = 'multiplications';
const neuronSteps = 'neurons times time-steps';

/** What an SNN computes for one image, on average. */
export interface Operations {
  /** Of the synapses of every layer that sums. */
  readonly layers: readonly LayerOperations[];
  readonly timeSteps: number;
}

/** The operations artefact: by layer that sums, what its synapses do for one image, and how often its neurons are updated. */
export function operationsSeries(
  operations: readonly LayerOperations[],
  images: number,
  timeSteps: number,
  architecture: Snn['architecture'],
): Series {
  const neurons = neuronsOf(architecture);
  return {
    type: 'series',
    title: 'Synaptic operations by layer',
    xLabel: 'layer',
    yLabel: 'operations of one image',
    x: operations.map(({ layer }) => layer),
    lines: [
      { name: additions, y: operations.map((layer) => layer.additions / images) },
      { name: multiplications, y: operations.map((layer) => layer.multiplications / images) },
      { name: neuronSteps, y: operations.map(({ layer }) => neurons.get(layer)! * timeSteps) },
    ],
  };
}

/**
 * Reads the operations artefact of a network.
 *
 * @throws UserError OPERATIONS_MISMATCH where the series does not describe this network
 */
export function readOperations(series: Series, { architecture }: Snn): Operations {
  const neurons = neuronsOf(architecture);
  const expected = [...neurons.keys()];
  const line = (name: string) => series.lines.find((candidate) => candidate.name === name)?.y;
  const [added, multiplied, updates] = [additions, multiplications, neuronSteps].map(line);
  const timeSteps = (updates?.[0] ?? 0) / neurons.get(expected[0]!)!;
  const fits =
    added &&
    multiplied &&
    expected.join() === series.x.join() &&
    expected.every((layer, i) => updates?.[i] === neurons.get(layer)! * timeSteps);
  if (!fits) {
    throw new UserError(
      'data',
      'OPERATIONS_MISMATCH',
      `Expected the operations of ${expected.join(', ')}, but the series "${series.title}" holds ${
        series.x.join(', ') || 'no layer'
      }.`,
      {
        hint: 'Connect `operations` to the operations output of an accuracy stage that took the same spiking network.',
      },
    );
  }
  return {
    layers: expected.map((layer, i) => ({
      layer,
      additions: added[i] ?? 0,
      multiplications: multiplied[i] ?? 0,
    })),
    timeSteps,
  };
}

/** Neurons of each layer that sums, by name, in order. */
function neuronsOf(architecture: Snn['architecture']): Map<string, number> {
  const shapes = layerShapes(architecture);
  return new Map(
    summingLayers(architecture).map((layer) => {
      const [height, width, channels] = shapes[architecture.layers.indexOf(layer)]!;
      return [layer.name, height * width * channels];
    }),
  );
}
