import { artefactTypes, type ArtefactType } from './artefacts.js';
import type { StageKind } from './stage.js';

/** What the stages of one kind may and must take and give. */
export interface KindContract {
  /** Types that inputs may have. */
  readonly inputs: readonly ArtefactType[];
  /** Each entry: there must be a required input that takes one of these types. */
  readonly needs?: readonly (readonly ArtefactType[])[];
  /** The stage must have exactly this many inputs. */
  readonly inputCount?: number;
  /** Types that outputs may have. */
  readonly outputs: readonly ArtefactType[];
  /** One of the outputs must have one of these types. */
  readonly gives?: readonly ArtefactType[];
  /** What its images must say of their origin. */
  readonly origin?: 'synthetic';
}

const reports: readonly ArtefactType[] = ['scalars', 'series', 'pictures'];
const anyNetwork: readonly ArtefactType[] = ['ann', 'snn'];

/** The contract of each kind: checked when a plugin is loaded, and, as to the origin of images, when a stage has run. */
export const kindContracts: Readonly<Record<StageKind, KindContract>> = {
  // From files, or a part of another dataset; what it gives counts as real.
  dataset: { inputs: ['images'], outputs: ['images'], gives: ['images'] },
  model: {
    inputs: ['images', 'ann'],
    outputs: [...anyNetwork, ...reports],
    gives: anyNetwork,
  },
  // Never an image: what a generator makes must not contain a real one.
  generator: {
    inputs: anyNetwork,
    needs: [anyNetwork],
    outputs: ['images', ...reports],
    gives: ['images'],
    origin: 'synthetic',
  },
  converter: {
    inputs: ['ann', 'images'],
    needs: [['ann']],
    outputs: ['snn', ...reports],
    gives: ['snn'],
  },
  trainer: {
    inputs: ['snn', 'images', 'ann'],
    needs: [anyNetwork, ['images']],
    outputs: [...anyNetwork, ...reports],
    gives: anyNetwork,
  },
  // One network and nothing else: no input of an attacker holds the training data or the teacher.
  attacker: {
    inputs: anyNetwork,
    needs: [anyNetwork],
    inputCount: 1,
    outputs: ['images', ...reports],
    gives: ['images'],
    origin: 'synthetic',
  },
  metric: { inputs: artefactTypes, outputs: reports },
  exporter: { inputs: artefactTypes, outputs: reports },
};
