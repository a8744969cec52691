import {
  imagePlace,
  layerShapes,
  sourcesOf,
  spikingLayers,
  type AdaptiveActivation,
  type Ann,
  type Architecture,
  type Layer,
  type Parameter,
  type Parameters,
  type Snn,
} from '@privatesnn/core';

import { currentUnits, fromRates, layerUnits } from './units.js';

/**
 * Re-conversion (attack 1): the conventional network that has the SNN's weights and a ReLU for each layer of
 * spiking neurons. Conversion by threshold balancing leaves weights as they are, so that this gives the trained
 * ANN back unless the weights were encrypted; biases, which a conversion puts in units of spike rates, come back
 * into those of activations, and the gains of its joins, which only bring rates into one unit, go. Clipped ReLUs are
 * clipped where the neurons spike at every time-step. Adaptive neurons whose spikes have one height in all layers leave
 * their transfer function in the place of the ReLU: so do networks that were trained with it.
 */
export function reconvertToAnn(snn: Snn): Ann {
  const activation = activationOf(snn);
  const { architecture, parameters } = withoutGains(snn);
  return {
    type: 'ann',
    architecture: clippedAgain(snn, architecture),
    parameters: fromRates(architecture, parameters, snn.thresholds),
    inputRange: snn.encoder.range,
    classNames: snn.classNames,
    ...(activation ? { activation } : {}),
  };
}

/** Numbers that are the same but for rounding. */
function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-5 * Math.abs(b);
}

/**
 * Gains that are not those of the thresholds (training moved these, or weights were normalised) become depthwise
 * convolutions of one tap in front of the joins.
 */
function withoutGains({
  architecture,
  parameters,
  thresholds,
  gains = {},
}: Snn): Pick<Ann, 'architecture' | 'parameters'> {
  const own = layerUnits(architecture, thresholds).gains;
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  const added: Record<string, Parameter> = {};
  const layers = architecture.layers.flatMap((layer, index): Layer[] => {
    if (layer.kind !== 'add' && layer.kind !== 'concat') return [layer];
    const before: Layer[] = [];
    const from = layer.from!.map((source, k) => {
      const factor = (gains[layer.name]?.[k] ?? 1) / (own[layer.name]?.[k] ?? 1);
      if (near(factor, 1)) return source;
      const place = sources[index]![k]!;
      const [, , channels] = place === imagePlace ? architecture.inputShape : shapes[place]!;
      const name = `${layer.name} gain ${k + 1}`;
      before.push({
        ...{ kind: 'conv', name, from: [source], inChannels: channels, outChannels: channels },
        ...{ kernel: 1, stride: 1, padding: 0, groups: channels, bias: false, linear: true },
      });
      added[`${name}.weight`] = {
        shape: [1, 1, 1, channels],
        data: new Float32Array(channels).fill(factor),
      };
      return name;
    });
    return [...before, { ...layer, from }];
  });
  return { architecture: { ...architecture, layers }, parameters: { ...parameters, ...added } };
}

function clippedAgain(
  { architecture: old, thresholds }: Snn,
  architecture: Architecture,
): Architecture {
  const units = currentUnits(old, thresholds);
  const layers = architecture.layers.map((layer): Layer => {
    if (!('maximum' in layer) || layer.maximum === undefined) return layer;
    const maximum = thresholds[layer.name]! * units[layer.name]!;
    return near(maximum, layer.maximum) ? layer : { ...layer, maximum };
  });
  return { ...architecture, layers };
}

/** The transfer function that all layers share. */
function activationOf({ architecture, thresholds, neuron }: Snn): AdaptiveActivation | undefined {
  if (neuron.kind !== 'adaptive' || neuron.refractoryDecay === 0) return undefined;
  const { outputs } = layerUnits(architecture, thresholds);
  const [first, ...others] = spikingLayers(architecture).map(
    (layer) => outputs[architecture.layers.indexOf(layer)],
  );
  if (first === undefined || others.some((height) => height !== first)) return undefined;
  return { kind: 'adaptive', neuron, spikeHeight: first };
}

/**
 * How far the weights of each layer moved: ‖b − a‖ / ‖a‖ (Frobenius norms), biases left out.
 *
 * @returns by layer name; 0 where nothing changed, Infinity where all of a's weights are 0 and b's are not
 */
export function relativeWeightChange(a: Parameters, b: Parameters): Record<string, number> {
  const suffix = '.weight';
  const names = Object.keys(a).filter((name) => name.endsWith(suffix));
  return Object.fromEntries(
    names.map((name) => {
      const before = a[name]!.data;
      const after = b[name]?.data;
      if (after?.length !== before.length) {
        throw new Error(
          `Expected ${before.length} numbers in "${name}" of the second network, received ${after?.length ?? 'none'}.`,
        );
      }
      return [name.slice(0, -suffix.length), relativeChange(before, after)];
    }),
  );
}

function relativeChange(before: Float32Array, after: Float32Array): number {
  let [moved, squares] = [0, 0];
  for (let i = 0; i < before.length; i++) {
    const value = before[i]!;
    const difference = after[i]! - value;
    moved += difference * difference;
    squares += value * value;
  }
  return moved === 0 ? 0 : Math.sqrt(moved) / Math.sqrt(squares);
}
