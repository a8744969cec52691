import {
  aboutOption,
  defineStage,
  input,
  optionalInput,
  output,
  UserError,
  type Images,
  type StageContext,
} from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';

import { bootstrapInterval, resample, resampleWeights } from './distance/bootstrap.js';
import { frechetDistance } from './distance/frechet.js';
import { polynomialKernels, unbiasedMmd2 } from './distance/kernel.js';
import { extractFeatures, extractorMistakes } from './features/extract.js';
import { graphModelDigest } from './features/graph-model.js';
import { selectRows, type FeatureMatrix } from './features/matrix.js';
import { applyProjection, principalComponents, randomProjection } from './features/reduce.js';
import { fidOptions, type FidOptions } from './fid-options.js';
import { spreadImages } from './spread.js';

/** Fréchet and kernel distance between two sets of images. */
export const fid = defineStage({
  kind: 'metric',
  id: 'fid',
  version: 1,
  summary: 'FID and KID between two sets of images, with sample-size guard and 95 % intervals.',
  source: 'Heusel 2017 (FID); Bińkowski 2018 (KID); PrivateSNN, Table 4',
  options: fidOptions,
  inputs: {
    generated: input('images', 'the images in question'),
    reference: input('images', 'real images'),
    features: optionalInput('ann', 'an independently trained classifier, for extractor classifier'),
  },
  outputs: {
    metrics: output(
      'scalars',
      'fid, fidLow, fidHigh (null where there are too few images), kid, kidLow, kidHigh, dimensions, generatedImages, referenceImages',
    ),
  },
  dependencies: { runtime: TENSOR_RUNTIME },
  check: (settings, connected) => extractorMistakes(settings, connected.has('features')),
  create: ({ runtime }, settings) => ({
    async fingerprint({ resolvePath }) {
      if (settings.extractor !== 'inception') return '';
      return aboutOption('inception', () => graphModelDigest(resolvePath(settings.inception!)));
    },
    async run(context, { generated, reference, features }) {
      context.signal.throwIfAborted();
      assertComparable(generated, reference);
      const extract = (images: Images, note: string) =>
        extractFeatures(context, runtime, settings, features, spreadImages(images, null), note);
      const g = await extract(generated, 'features of the generated images');
      const r = await extract(reference, 'features of the reference images');
      const fidValues = await fidWithInterval(context, settings, g, r);
      const kidValues = await kidWithInterval(context, settings, g, r);
      return {
        metrics: {
          type: 'scalars',
          values: {
            ...fidValues,
            ...kidValues,
            generatedImages: g.rows,
            referenceImages: r.rows,
          },
        },
      };
    },
  }),
});

async function fidWithInterval(
  context: StageContext,
  { dimensions, reduction, allowFewSamples, fidResamples }: FidOptions,
  generated: FeatureMatrix,
  reference: FeatureMatrix,
) {
  const target = Math.min(dimensions ?? generated.columns, generated.columns);
  const fewest = Math.min(generated.rows, reference.rows);
  const none = { fid: null, fidLow: null, fidHigh: null, dimensions: target };
  if (fewest < target || fewest < 2) {
    context.warn(
      `FID in ${target} dimensions needs at least as many images, but there are ${generated.rows} generated and ` +
        `${reference.rows} reference ones: its value would be mostly bias. ${
          allowFewSamples && fewest >= 2
            ? 'It is given all the same (allowFewSamples).'
            : 'It is left out; lower `dimensions`, give more images, or look at KID.'
        }`,
    );
    if (!allowFewSamples || fewest < 2) return none;
  }
  let [g, r] = [generated, reference];
  if (target < generated.columns) {
    const projection =
      reduction === 'principal-components'
        ? await principalComponents(reference, target)
        : randomProjection(generated.columns, target, context.random('projection'));
    [g, r] = [applyProjection(generated, projection), applyProjection(reference, projection)];
  }
  const value = await frechetDistance(g, r);
  const random = context.random('fid-bootstrap');
  let drawn = 0;
  const interval = await bootstrapInterval(
    value,
    fidResamples,
    () => {
      context.progress(++drawn, fidResamples, 'interval of FID');
      return frechetDistance(
        selectRows(g, resample(g.rows, random)),
        selectRows(r, resample(r.rows, random)),
      );
    },
    context.signal,
  );
  return {
    fid: value,
    fidLow: interval && Math.max(0, interval[0]),
    fidHigh: interval && Math.max(0, interval[1]),
    dimensions: target,
  };
}

async function kidWithInterval(
  context: StageContext,
  { resamples, kidImages }: FidOptions,
  generated: FeatureMatrix,
  reference: FeatureMatrix,
) {
  const g = subset(generated, kidImages, context, 'kid-generated');
  const r = subset(reference, kidImages, context, 'kid-reference');
  if (Math.min(g.rows, r.rows) < 2) {
    context.warn('KID needs at least 2 images of each set; it is left out.');
    return { kid: null, kidLow: null, kidHigh: null };
  }
  const kernels = await polynomialKernels(g, r, context.signal);
  const value = unbiasedMmd2(kernels);
  const random = context.random('kid-bootstrap');
  let drawn = 0;
  const interval = await bootstrapInterval(
    value,
    resamples,
    () => {
      context.progress(++drawn, resamples, 'interval of KID');
      return unbiasedMmd2(kernels, [
        resampleWeights(g.rows, random),
        resampleWeights(r.rows, random),
      ]);
    },
    context.signal,
  );
  return { kid: value, kidLow: interval && interval[0], kidHigh: interval && interval[1] };
}

/** At most `limit` rows, drawn without replacement. */
function subset(
  features: FeatureMatrix,
  limit: number,
  context: StageContext,
  name: string,
): FeatureMatrix {
  if (features.rows <= limit) return features;
  const random = context.random(name);
  const places = Int32Array.from({ length: features.rows }, (_, i) => i);
  for (let i = 0; i < limit; i++) {
    const j = i + random.integer(places.length - i);
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  return selectRows(features, places.subarray(0, limit));
}

function assertComparable(generated: Images, reference: Images): void {
  const shape = ({ shape: [, height, width, channels] }: Images) =>
    `${height} × ${width} × ${channels}`;
  if (shape(generated) === shape(reference)) return;
  throw new UserError(
    'data',
    'IMAGE_SHAPE',
    `Expected two sets of images of one shape (height × width × channels), but the generated ones are ${shape(generated)} and the reference ones ${shape(reference)}.`,
    { hint: 'Compare images with those of the dataset that the network was trained on.' },
  );
}
