import { layerShapes, spikingLayers, UserError, type Series, type Snn } from '@privatesnn/core';
import type { LayerActivity } from '@privatesnn/spiking';

const perNeuron = 'spikes per neuron';
const perStep = 'spikes per neuron and time-step';
const negativePerNeuron = 'negative spikes per neuron';

/** What one layer does for one image, on average. */
export interface LayerRate {
  /** "input" for the encoder, else the layer's name. */
  readonly layer: string;
  readonly neurons: number;
  /** Summed over the T time-steps, of either sign: r(l) of the energy model; ≥ 0. */
  readonly spikesPerNeuron: number;
  /** Those of them that take one back; undefined where the activity says nothing of them, as neurons are not signed. */
  readonly negativePerNeuron: number | undefined;
  /** The same for one time-step: in [0, 1]. */
  readonly spikeRate: number;
}

/**
 * The activity artefact: by layer, spikes per neuron over all time-steps, and for each time-step; of signed neurons the
 * negative ones among them, too.
 */
export function activitySeries(
  activity: readonly LayerActivity[],
  images: number,
  timeSteps: number,
): Series {
  const spikes = activity.map((layer) => layer.spikes / (images * layer.neurons));
  const isSigned = activity.some(({ negative }) => negative !== undefined);
  const negative = activity.map((layer) => (layer.negative ?? 0) / (images * layer.neurons));
  return {
    type: 'series',
    title: 'Spike activity by layer',
    xLabel: 'layer',
    yLabel: 'spikes',
    x: activity.map(({ layer }) => layer),
    lines: [
      { name: perNeuron, y: spikes },
      { name: perStep, y: spikes.map((value) => value / timeSteps) },
      ...(isSigned ? [{ name: negativePerNeuron, y: negative }] : []),
    ],
  };
}

/**
 * Reads the activity artefact of a network: the encoder first, then each spiking layer.
 *
 * @throws UserError ACTIVITY_MISMATCH where the series does not describe this network
 */
export function readActivity(series: Series, snn: Snn): LayerRate[] {
  const expected = ['input', ...neuronCounts(snn).keys()];
  const counts = new Map([['input', inputSize(snn)], ...neuronCounts(snn)]);
  const spikes = series.lines.find((line) => line.name === perNeuron)?.y;
  const rates = series.lines.find((line) => line.name === perStep)?.y;
  const negative = series.lines.find((line) => line.name === negativePerNeuron)?.y;
  if (!spikes || !rates || expected.join() !== series.x.join()) {
    throw new UserError(
      'data',
      'ACTIVITY_MISMATCH',
      `Expected the activity of ${expected.join(', ')}, but the series "${series.title}" holds ${
        series.x.join(', ') || 'no layer'
      }.`,
      {
        hint: 'Connect `activity` to the activity output of an accuracy stage that took the same spiking network.',
      },
    );
  }
  return expected.map((layer, i) => ({
    layer,
    neurons: counts.get(layer)!,
    spikesPerNeuron: spikes[i] ?? 0,
    spikeRate: rates[i] ?? 0,
    negativePerNeuron: negative && (negative[i] ?? 0),
  }));
}

/** Neurons of each spiking layer, by name, in order. */
export function neuronCounts({ architecture }: Pick<Snn, 'architecture'>): Map<string, number> {
  const shapes = layerShapes(architecture);
  return new Map(
    spikingLayers(architecture).map((layer) => {
      const [height, width, channels] = shapes[architecture.layers.indexOf(layer)]!;
      return [layer.name, height * width * channels] as const;
    }),
  );
}

function inputSize({ architecture }: Snn): number {
  const [height, width, channels] = architecture.inputShape;
  return height * width * channels;
}
