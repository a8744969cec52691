import {
  assertImagesFit,
  assertSameClasses,
  evenPlaces,
  pixelsIn,
  selectImages,
  partOfImages,
  UserError,
  type Ann,
  type Images,
  type Snn,
  type StageContext,
} from '@privatesnn/core';
import { annLogits, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  binaryNeuronOf,
  checkReadFromStart,
  fitReadout,
  readoutOf,
  warnOfRemark,
  type SpikingEngine,
} from '@privatesnn/spiking';

import type { StbpOptions } from './options.js';

/** Images on which the read-out is fitted and the networks before and after training are compared. */
export const probeImages = 200;

/** All that one training works with. */
export interface Work {
  readonly context: StageContext;
  readonly engine: SpikingEngine;
  readonly tensors: TensorRuntime;
  readonly options: StbpOptions;
  /** The network before training, with the read-out of the training. */
  readonly start: Snn;
  readonly images: Images;
  /** The teacher's logits for the training images, [images, classes]; left out without a teacher. */
  readonly teacherLogits: Float32Array | undefined;
  /** A part of the images, and the teacher's logits for it. */
  readonly probe: Pick<Work, 'images' | 'teacherLogits'>;
}

/** Checks the inputs, and computes what all epochs share. */
export async function prepare(
  context: StageContext,
  engine: SpikingEngine,
  tensors: TensorRuntime,
  options: StbpOptions,
  { snn, images, teacher }: { snn: Snn; images: Images; teacher: Ann | undefined },
): Promise<Work> {
  assertImagesFit(images, snn.architecture);
  assertSameClasses(context, images, snn, ...(teacher ? [teacher] : []));
  binaryNeuronOf(snn, 'train');
  checkReadFromStart(snn, 'train');
  warnOfRemark(context, engine, snn, 'gradients');
  if (options.labels === 'soft' && !images.softLabels) {
    throw new UserError(
      'configuration',
      'NO_SOFT_LABELS',
      'labels: soft needs images with soft labels, but these have none.',
      {
        hint: 'Use images of the generator data-impressions, or labels: hard.',
      },
    );
  }
  const training = partOfImages(images, options.samples);
  const teacherLogits =
    teacher && (await annLogits(tensors, teacher, training, { signal: context.signal }));
  const start = { ...snn, timeSteps: options.timeSteps ?? snn.timeSteps };
  const probe = probeOf(training, teacherLogits, snn.architecture.classes);
  const work = { context, engine, tensors, options, start, images: training, teacherLogits, probe };
  return options.readout === 'keep'
    ? work
    : { ...work, start: await withReadout(work, options.readout) };
}

function probeOf(
  images: Images,
  teacherLogits: Float32Array | undefined,
  classes: number,
): Work['probe'] {
  const places = evenPlaces(images.labels, probeImages);
  const row = (place: number) => teacherLogits!.subarray(place * classes, (place + 1) * classes);
  return {
    images: selectImages(images, places),
    teacherLogits:
      teacherLogits && Float32Array.from([...places].flatMap((place) => [...row(place)])),
  };
}

async function withReadout(work: Work, kind: 'sum' | 'mean' | 'fitted'): Promise<Snn> {
  const { start, probe, context } = work;
  const { teacherLogits } = probe;
  if (kind !== 'fitted' || !teacherLogits) {
    return { ...start, readout: readoutOf(kind, start) };
  }
  const { potentials } = await work.engine.infer({
    snn: start,
    pixels: pixelsIn(probe.images, start.encoder.range),
    seed: context.random('readout').uint32(),
    signal: context.signal,
  });
  const fit = fitReadout(potentials, teacherLogits, start.architecture.classes);
  return { ...start, readout: readoutOf(kind, start, fit) };
}
