import { layerShapes, spikingLayers, type Architecture } from '@privatesnn/core';

import type { LayerActivity } from '../engine.js';
import { countNegative, countSpikes, type Signal } from './network.js';

/** Counts spikes by layer, the encoder ("input") first. */
export class ActivityCounter {
  private readonly layers: { layer: string; neurons: number; spikes: number; negative?: number }[];

  /** @param signed whether negative spikes of spiking layers are counted by themselves */
  constructor(architecture: Architecture, signed = false) {
    const [height, width, channels] = architecture.inputShape;
    const shapes = layerShapes(architecture);
    this.layers = [
      { layer: 'input', neurons: height * width * channels, spikes: 0 },
      ...spikingLayers(architecture).map((layer) => {
        const [h, w, c] = shapes[architecture.layers.indexOf(layer)]!;
        const counted = { layer: layer.name, neurons: h * w * c, spikes: 0 };
        return signed ? { ...counted, negative: 0 } : counted;
      }),
    ];
  }

  add(layer: string, signal: Signal): void {
    const counted = this.layers.find((one) => one.layer === layer)!;
    counted.spikes += countSpikes(signal);
    if (counted.negative !== undefined) counted.negative += countNegative(signal);
  }

  counts(): LayerActivity[] {
    return this.layers.map((counted) => ({ ...counted }));
  }
}
