import { UserError, type Architecture } from '@privatesnn/core';

import { resnet, resnetNames, type ResnetName } from './resnet.js';
import { vgg, vggNames, type VggOptions } from './vgg.js';

/** The networks that are built by their names. */
export const architectureNames = [...vggNames, ...resnetNames] as const;
export type ArchitectureName = (typeof architectureNames)[number];

function isResnet(name: ArchitectureName): name is ResnetName {
  return (resnetNames as readonly string[]).includes(name);
}

/** Whether a network has batch normalisation where nobody says. */
export function hasBatchNorm(name: ArchitectureName): boolean {
  return isResnet(name);
}

/**
 * The network of a name.
 *
 * @param options those of a VGG; dropout is not for residual networks, and is left out there
 * @throws UserError where the network has no such hidden layer or pooling, or the input is too small for it
 */
export function namedArchitecture(name: ArchitectureName, options: VggOptions): Architecture {
  if (!isResnet(name)) return vgg(name, options);
  const { hidden, pooling } = options;
  if (hidden !== undefined && name !== 'resnet19') {
    throw idle(name, 'hidden', 'has no hidden dense layer');
  }
  if (pooling === 'max') throw idle(name, 'pooling', 'pools once, and takes the mean');
  return resnet(name, options);
}

function idle(name: ResnetName, option: string, why: string): UserError {
  return new UserError(
    'configuration',
    'ARCHITECTURE_OPTION',
    `"${option}" can change nothing: ${name} ${why}.`,
    { hint: `Leave "${option}" out, or choose another architecture.`, option },
  );
}
