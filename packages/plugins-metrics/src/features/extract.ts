import { UserError, type Ann, type Images, type StageContext } from '@privatesnn/core';
import type { TensorRuntime } from '@privatesnn/runtime-tfjs';

import type { FidOptions } from '../fid-options.js';
import { inceptionFeatures } from './inception.js';
import type { FeatureMatrix } from './matrix.js';
import { penultimateFeatures } from './penultimate.js';
import { pooledPixels } from './pooled-pixels.js';

/**
 * Features of images by the extractor that the options choose; it has what it needs, see `extractorMistakes`.
 *
 * @param note what is told while it works
 */
export async function extractFeatures(
  context: StageContext,
  runtime: TensorRuntime,
  settings: FidOptions,
  classifier: Ann | undefined,
  images: Images,
  note: string,
): Promise<FeatureMatrix> {
  const { extractor, batch, pooledSize, inception, inceptionOutput } = settings;
  const extraction = {
    batch,
    signal: context.signal,
    onProgress: (done: number, total: number) => context.progress(done, total, note),
  };
  switch (extractor) {
    case 'pixels':
      return pooledPixels(images, pooledSize);
    case 'inception':
      return inceptionFeatures(
        runtime,
        context.resolvePath(inception!),
        inceptionOutput ?? undefined,
        images,
        extraction,
      );
    case 'classifier':
      return penultimateFeatures(runtime, classifier!, images, extraction);
  }
}

/** What the extractor of the options lacks; `features` says whether that input is connected. */
export function extractorMistakes(
  { extractor, inception }: FidOptions,
  features: boolean,
): readonly UserError[] {
  if (extractor === 'classifier' && !features) {
    return [
      new UserError(
        'configuration',
        'FID_FEATURES',
        'The extractor "classifier" needs a classifier as input `features`, but none is connected.',
        {
          hint: 'Connect `features` to a trained ANN, or set extractor to pixels or inception.',
          option: 'extractor',
        },
      ),
    ];
  }
  if (extractor === 'inception' && inception === null) {
    return [
      new UserError(
        'configuration',
        'FID_INCEPTION',
        'The extractor "inception" needs the folder of a graph model in `inception`, but it is empty.',
        {
          hint: 'Set `inception` to the folder, or extractor to classifier or pixels.',
          option: 'extractor',
        },
      ),
    ];
  }
  return [];
}
