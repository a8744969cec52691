import type { Artefact, ArtefactType } from '../contracts/artefacts.js';
import type { OutputPort } from '../contracts/stage.js';
import { badArtefact } from '../errors/templates/run.js';
import { assertFinite } from './finite-check.js';

/**
 * The members that an artefact of each type has. Nothing else may travel with it: an SNN that carried its
 * calibration images would hand them to an attacker.
 */
const members: Readonly<Record<ArtefactType, readonly string[]>> = {
  images: [
    'shape',
    'pixels',
    'range',
    'labels',
    'softLabels',
    'withoutGradient',
    'classNames',
    'origin',
  ],
  ann: ['architecture', 'parameters', 'inputRange', 'classNames', 'statistics'],
  snn: [
    'architecture',
    'parameters',
    'thresholds',
    'neuron',
    'encoder',
    'readout',
    'timeSteps',
    'classNames',
  ],
  scalars: ['values', 'reasons'],
  series: ['title', 'xLabel', 'yLabel', 'x', 'lines'],
  pictures: ['title', 'shape', 'items'],
};
const optionalMembers = new Set(['softLabels', 'withoutGradient', 'statistics', 'reasons']);

/**
 * Checks a stage's outputs against its ports.
 *
 * @throws UserError BAD_ARTEFACT, NOT_FINITE
 */
export function checkOutputs(
  ports: Readonly<Record<string, OutputPort>>,
  outputs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Artefact>> {
  for (const name of Object.keys(outputs)) {
    if (!Object.hasOwn(ports, name)) throw badArtefact(name, 'is not declared by the stage.');
  }
  for (const [name, { type }] of Object.entries(ports)) {
    checkArtefact(name, type, outputs[name]);
  }
  return outputs as Readonly<Record<string, Artefact>>;
}

function checkArtefact(name: string, type: ArtefactType, value: unknown): void {
  const actual = (value as { type?: unknown } | undefined)?.type;
  if (actual !== type)
    throw badArtefact(name, `should be of type ${type}, but is ${String(actual)}.`);
  const allowed = members[type];
  const artefact = value as Record<string, unknown>;
  for (const key of Object.keys(artefact)) {
    if (key !== 'type' && !allowed.includes(key)) {
      throw badArtefact(name, `(${type}) has a member "${key}" that the type does not have.`);
    }
  }
  for (const key of allowed) {
    if (artefact[key] === undefined && !optionalMembers.has(key)) {
      throw badArtefact(name, `(${type}) lacks "${key}".`);
    }
  }
  if (type === 'images') checkImages(name, artefact as never);
  assertFinite(name, value as Artefact);
}

function checkImages(
  name: string,
  images: { shape: readonly number[]; pixels: ArrayLike<number>; labels: ArrayLike<number> },
): void {
  const expected = images.shape.reduce((product, size) => product * size, 1);
  if (images.pixels.length !== expected) {
    throw badArtefact(
      name,
      `has the shape ${images.shape.join(' × ')}, but ${images.pixels.length} pixels.`,
    );
  }
  if (images.labels.length !== images.shape[0]) {
    throw badArtefact(name, `has ${images.shape[0]} images, but ${images.labels.length} labels.`);
  }
}
