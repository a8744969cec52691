import { layerShapes, type Architecture, type Layer } from '@privatesnn/core';
import fc, { type Arbitrary } from 'fast-check';

import { runsOf } from './spiking-runs.js';

const block = fc.record({
  channels: fc.constantFrom(1, 3, 8),
  stride: fc.constantFrom(1, 1, 2),
  kernel: fc.constantFrom(1, 3),
  /** What goes past the block, and whether it is named first. */
  past: fc.constantFrom('identity', 'shortcut', 'conv'),
  first: fc.boolean(),
  bias: fc.boolean(),
  maximum: fc.constantFrom(undefined, 0.75),
  pool: fc.constantFrom(undefined, 'average-pool', 'max-pool', 'gated'),
});

/** Residual networks with every shortcut that the kernels know, poolings between the blocks and around them. */
export const residualNetwork: Arbitrary<Architecture> = fc
  .record({
    side: fc.integer({ min: 3, max: 6 }),
    channels: fc.integer({ min: 1, max: 3 }),
    stem: fc.constantFrom(2, 8),
    blocks: fc.array(block, { minLength: 1, maxLength: 3 }),
  })
  .map(({ side, channels, stem, blocks }): Architecture => {
    const plain = { stride: 1, bias: false } as const;
    const layers: Layer[] = [
      {
        ...{ kind: 'conv', name: 'stem', inChannels: channels, outChannels: stem },
        ...{ ...plain, kernel: 3, padding: 1 },
      },
    ];
    let [before, depth, size]: [string, number, number] = ['stem', stem, side];
    blocks.forEach(({ channels: wanted, stride, kernel, past, first, bias, maximum, pool }, i) => {
      const name = (part: string) => `${part}${i}`;
      const window = { kernel, padding: (kernel - 1) / 2, bias };
      const isSame = past === 'identity';
      const step = isSame ? 1 : stride;
      const out = isSame ? depth : past === 'shortcut' ? depth + 3 : wanted;
      layers.push(
        {
          ...{ kind: 'conv', name: name('a'), from: [before], inChannels: depth },
          ...{ outChannels: 5, stride: step, ...window },
        },
        {
          ...{ kind: 'conv', name: name('b'), inChannels: 5, outChannels: out, linear: true },
          ...{ stride: 1, ...window },
        },
      );
      let other = before;
      if (past === 'shortcut') {
        other = name('past');
        layers.push({
          kind: 'shortcut',
          name: other,
          from: [before],
          stride: step,
          before: 1,
          after: 2,
        });
      } else if (past === 'conv') {
        other = name('past');
        layers.push({
          ...{ kind: 'conv', name: other, from: [before], inChannels: depth, outChannels: out },
          ...{ kernel: 1, stride: step, padding: 0, bias: !bias, linear: true },
        });
      }
      const from = first ? [other, name('b')] : [name('b'), other];
      layers.push({ kind: 'add', name: name('sum'), from, ...(maximum ? { maximum } : {}) });
      [before, depth, size] = [name('sum'), out, Math.ceil(size / step)];
      if (pool && size >= 2) {
        before = name('pool');
        const kind =
          pool === 'gated' ? ({ kind: 'max-pool', gated: true } as const) : { kind: pool };
        layers.push({ ...kind, name: before, size: 2 });
        size = Math.floor(size / 2);
      }
    });
    layers.push(
      { kind: 'flatten' },
      { kind: 'dense', name: 'output', inputs: size * size * depth, outputs: 2, bias: true },
    );
    const architecture = {
      name: 'residual',
      inputShape: [side, side, channels],
      classes: 2,
      layers,
    };
    layerShapes(architecture as unknown as Architecture);
    return architecture as unknown as Architecture;
  });

/** Of neurons whose spikes are 0 or 1, which training takes. */
export const binaryRun = runsOf(residualNetwork, false);
/** Of signed neurons, and such as have a probe, too. */
export const residualRun = runsOf(residualNetwork, true);
