import { scalableLayers, quantised, scaleChannels, type Quantisation } from '@privatesnn/spiking';
import type { Ann } from '@privatesnn/core';

/** Thresholds that are tried for a channel, as parts of its layer's. */
const parts = Array.from({ length: 15 }, (_, k) => 2 ** ((k - 11) / 4));

/** What the quantisation of each channel of one layer costs, at each threshold that is tried. */
interface ChannelErrors {
  /** Σ (quantised(a, θ) − a)², [channels][parts]. */
  readonly errors: Float64Array;
  readonly threshold: number;
}

/** Finds a threshold of its own for each channel of the layers that may have such. */
export class ChannelThresholds {
  readonly #ann: Ann;
  readonly #quantisation: Quantisation;
  readonly #layers = new Map<string, ChannelErrors>();

  /** @param thresholds of the layers, in units of activations */
  constructor(ann: Ann, thresholds: Readonly<Record<string, number>>, quantisation: Quantisation) {
    this.#ann = ann;
    this.#quantisation = quantisation;
    for (const layer of scalableLayers(ann.architecture)) {
      const channels = layer.kind === 'conv' ? layer.outChannels : layer.outputs;
      this.#layers.set(layer.name, {
        errors: new Float64Array(channels * parts.length),
        threshold: thresholds[layer.name]!,
      });
    }
  }

  /** @param values a layer's activations, channels last */
  add(layer: string, values: Float32Array): void {
    const found = this.#layers.get(layer);
    if (!found) return;
    const { errors, threshold } = found;
    const channels = errors.length / parts.length;
    values.forEach((value, i) => {
      if (!(value > 0)) return;
      const first = (i % channels) * parts.length;
      for (let k = 0; k < parts.length; k++) {
        const error = quantised(value, threshold * parts[k]!, this.#quantisation) - value;
        errors[first + k]! += error * error;
      }
    });
  }

  /**
   * The same network with activations in units of their channels: the threshold of a layer is then that of each of its
   * channels (see scaleChannels). A channel that gave nothing keeps its layer's.
   */
  scaled(): Ann {
    const { architecture, parameters } = this.#ann;
    const factors = Object.fromEntries(
      [...this.#layers].map(([name, { errors }]) => [
        name,
        Float64Array.from({ length: errors.length / parts.length }, (_, channel) => {
          const own = errors.subarray(channel * parts.length, (channel + 1) * parts.length);
          const least = own.indexOf(Math.min(...own));
          return own.every((error) => error === 0) ? 1 : parts[least]!;
        }),
      ]),
    );
    return { ...this.#ann, parameters: scaleChannels(architecture, parameters, factors) };
  }
}
