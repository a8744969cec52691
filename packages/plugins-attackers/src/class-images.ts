import type { Images, PixelRange, StageContext } from '@privatesnn/core';
import { initialImages, projectPixels } from '@privatesnn/runtime-tfjs';

import type { ClassImageOptions } from './class-image-options.js';

/** What an attacker draws for: the public side of the attacked network. */
export interface Target {
  /** [height, width, channels]. */
  readonly inputShape: readonly [number, number, number];
  readonly inputRange: PixelRange;
  readonly classNames: readonly string[];
}

/** One batch of images to be drawn. */
export interface Batch {
  /** "batch 1/3". */
  readonly name: string;
  readonly index: number;
  readonly count: number;
  /** Number of the batch's first image in the stage's output. */
  readonly first: number;
  readonly pixels: Float32Array;
  /** [images, height, width, channels]. */
  readonly shape: readonly [number, number, number, number];
  /** Target class of each image. */
  readonly labels: Int32Array;
}

/** What came of a batch. */
export interface Drawn {
  readonly pixels: Float32Array;
  /** 1 for images that no gradient reached at any step, [images]. */
  readonly withoutGradient: Uint8Array;
}

/**
 * Draws images of every class, batch by batch: class 0, 1, … first, then each class's second image, and so on.
 * Each image has its own random start, which does not depend on how many images are drawn.
 */
export async function drawClassImages(
  context: StageContext,
  { inputShape, inputRange, classNames }: Target,
  options: ClassImageOptions,
  draw: (batch: Batch) => Promise<Drawn>,
): Promise<Images> {
  const [height, width, channels] = inputShape;
  const size = height * width * channels;
  const classes = classNames.length;
  const labels = Int32Array.from(
    { length: classes * options.imagesPerClass },
    (_, i) => i % classes,
  );
  const pixels = new Float32Array(labels.length * size);
  labels.forEach((label, i) => {
    const random = context.random(`start/${label}/${Math.floor(i / classes)}`);
    pixels.set(
      initialImages(options.initialisation, [1, height, width, channels], inputRange, random),
      i * size,
    );
  });
  const withoutGradient = new Uint8Array(labels.length);
  const count = Math.ceil(labels.length / options.batchSize);
  for (let index = 0; index < count; index++) {
    const first = index * options.batchSize;
    const end = Math.min(labels.length, first + options.batchSize);
    const drawn = await draw({
      name: `batch ${index + 1}/${count}`,
      index,
      count,
      first,
      pixels: pixels.slice(first * size, end * size),
      shape: [end - first, height, width, channels],
      labels: labels.subarray(first, end),
    });
    pixels.set(drawn.pixels, first * size);
    withoutGradient.set(drawn.withoutGradient, first);
  }
  const last = options.projection === 'min-max-at-end' ? 'min-max' : 'clip';
  labels.forEach((_, i) => {
    projectPixels(pixels.subarray(i * size, (i + 1) * size), inputRange, last);
  });
  return {
    type: 'images',
    shape: [labels.length, height, width, channels],
    pixels,
    range: inputRange,
    labels,
    ...(withoutGradient.includes(1) ? { withoutGradient } : {}),
    classNames,
    origin: 'synthetic',
  };
}

/** Tells the user of images that no gradient shaped: they show nothing of the network, and prove nothing about it. */
export function warnWithoutGradient(context: StageContext, images: Images): void {
  const { withoutGradient, labels, classNames } = images;
  if (!withoutGradient) return;
  const places = [...withoutGradient.keys()].filter((i) => withoutGradient[i] === 1);
  const classes = [...new Set(places.map((i) => classNames[labels[i]!]!))];
  const named = classes.length > 5 ? [...classes.slice(0, 5), '…'] : classes;
  context.warn(
    `The attack had no gradient for ${places.length} of ${labels.length} images (${named.join(', ')}): they are still ` +
      'their random starts. That says nothing about what the network hides, so scores leave them out. Look at the ' +
      'network, raise timeSteps where it has spikes, or start from another initialisation.',
  );
}
