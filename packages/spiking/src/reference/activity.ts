import { layerShapes, spikingLayers, type Architecture } from '@privatesnn/core';

import type { LayerActivity } from '../engine.js';
import { countSpikes, type Signal } from './network.js';

/** Counts spikes by layer, the encoder ("input") first. */
export class ActivityCounter {
  private readonly layers: { layer: string; neurons: number; spikes: number }[];

  constructor(architecture: Architecture) {
    const [height, width, channels] = architecture.inputShape;
    const shapes = layerShapes(architecture);
    this.layers = [
      { layer: 'input', neurons: height * width * channels, spikes: 0 },
      ...spikingLayers(architecture).map((layer) => {
        const [h, w, c] = shapes[architecture.layers.indexOf(layer)]!;
        return { layer: layer.name, neurons: h * w * c, spikes: 0 };
      }),
    ];
  }

  add(layer: string, signal: Signal): void {
    this.layers.find((counted) => counted.layer === layer)!.spikes += countSpikes(signal);
  }

  counts(): LayerActivity[] {
    return this.layers.map((counted) => ({ ...counted }));
  }
}
