import { readFile } from 'node:fs/promises';

import type { Snn } from '@privatesnn/core';

import type { Target } from './targets.js';

/** The targets that are libraries. */
export type Library = Exclude<Target, 'generic'>;

/** Names, and the versions that the loaders were tried with. */
export const libraries: Readonly<Record<Library, string>> = {
  spikingjelly: 'SpikingJelly 2.0.0',
  norse: 'Norse 1.1.0',
  sinabs: 'sinabs 3.1.3',
  snntorch: 'snnTorch 1.0.0',
};

/** The first line of a loader, by which it is known. */
export const loaderMark = '# Written by PrivateSNN.';

const folder = new URL('../../loaders/', import.meta.url);

/** Python that loads a .nir file into a library and runs it as this framework does. */
export async function loaderText(snn: Snn, library: Library, file: string): Promise<string> {
  const [own, network] = await Promise.all(
    [library, 'network'].map((name) => readFile(new URL(`${name}.py`, folder), 'utf8')),
  );
  const { architecture, encoder, readout, timeSteps } = snn;
  const [height, width, channels] = architecture.inputShape;
  return `${loaderMark}
"""${architecture.name} for ${libraries[library]}, with nir 1.0.8 and nirtorch 2.6.

What ${file} cannot say, and this file adds: how pixels become input (${encoder.kind}), that the last layer sums its
currents of time-steps ${(readout.after ?? 0) + 1} to ${timeSteps} and never fires (logits are ${readout.scale} times the sum), how neurons are reset, and
where their potentials begin. Input: [n, ${channels}, ${height}, ${width}], pixels from ${encoder.range[0]} to ${encoder.range[1]}.

    print(Network().classes(images))
"""
import json
from pathlib import Path

import nir
import torch

${own}
FILE = Path(__file__).with_name(${JSON.stringify(file)})


${network}`;
}
