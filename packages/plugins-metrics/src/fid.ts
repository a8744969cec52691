import {
  aboutOption,
  defineStage,
  input,
  optionalInput,
  output,
  UserError,
  type Images,
  type Scalars,
  type StageContext,
} from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';

import { bootstrapCorrection, resampleWeights } from './distance/bootstrap.js';
import { fewestImages, type Interval } from './distance/interval.js';
import { frechetDistance } from './distance/frechet.js';
import { mmd2Interval, polynomialKernels, unbiasedMmd2 } from './distance/kernel.js';
import { extractFeatures, extractorMistakes } from './features/extract.js';
import { graphModelDigest } from './features/graph-model.js';
import { selectRows, type FeatureMatrix } from './features/matrix.js';
import { applyProjection, principalComponents, randomProjection } from './features/reduce.js';
import { fidOptions, type FidOptions } from './fid-options.js';
import { noGradient, shapedImages } from './shaped-images.js';
import { spreadImages } from './spread.js';

/** Fréchet and kernel distance between two sets of images. */
export const fid = defineStage({
  kind: 'metric',
  id: 'fid',
  version: 3,
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
      'fid (less its bias), fidLow, fidHigh, fidPlugIn (with its bias), dimensions; kid, kidLow, kidHigh, kidGeneratedImages, kidReferenceImages; generatedImages, referenceImages, withoutGradient (images of either set that no gradient of the network shaped, which are left out); null where there are too few images',
    ),
  },
  dependencies: { runtime: TENSOR_RUNTIME },
  needs: ({ extractor, inception }) =>
    extractor === 'inception' && inception != null ? [{ what: 'Inception', path: inception }] : [],
  check: (settings, connected) => extractorMistakes(settings, connected.has('features')),
  create: ({ runtime }, settings) => ({
    async fingerprint({ resolvePath }) {
      if (settings.extractor !== 'inception') return '';
      return aboutOption('inception', () => graphModelDigest(resolvePath(settings.inception!)));
    },
    async run(context, { generated, reference, features }) {
      context.signal.throwIfAborted();
      assertComparable(generated, reference);
      const [shaped, real] = [generated, reference].map((images) =>
        shapedImages(context, spreadImages(images, null), 'the distance'),
      );
      const withoutGradient = shaped!.left + real!.left;
      if (!shaped!.images || !real!.images) {
        const [generatedImages, referenceImages] = [shaped!, real!].map(
          ({ images }) => images?.shape[0] ?? 0,
        );
        return {
          metrics: withoutDistance({
            kidGeneratedImages: 0,
            kidReferenceImages: 0,
            generatedImages: generatedImages!,
            referenceImages: referenceImages!,
            withoutGradient,
          }),
        };
      }
      const extract = (images: Images, note: string) =>
        extractFeatures(context, runtime, settings, features, images, note);
      const g = await extract(shaped!.images, 'features of the generated images');
      const r = await extract(real!.images, 'features of the reference images');
      const reasons: Record<string, string> = {};
      const leave: LeaveOut = (reason, ...names) => {
        context.warn(reason);
        for (const name of names) reasons[name] = reason;
      };
      const fidValues = await fidWithInterval(context, settings, g, r, leave);
      const kidValues = await kidWithInterval(context, settings, g, r, leave);
      return {
        metrics: {
          type: 'scalars',
          values: {
            ...fidValues,
            ...kidValues,
            generatedImages: g.rows,
            referenceImages: r.rows,
            withoutGradient,
          },
          ...(Object.keys(reasons).length > 0 && { reasons }),
        },
      };
    },
  }),
});

/** Tells why values are left out: at once, and in every report. */
type LeaveOut = (reason: string, ...names: string[]) => void;

/** What is told where one of the sets has no image that a gradient shaped. */
function withoutDistance(counts: Readonly<Record<string, number>>): Scalars {
  const names = [
    'fid',
    'fidLow',
    'fidHigh',
    'fidPlugIn',
    'dimensions',
    'kid',
    'kidLow',
    'kidHigh',
  ] as const;
  return {
    type: 'scalars',
    values: { ...Object.fromEntries(names.map((name) => [name, null])), ...counts },
    reasons: Object.fromEntries(names.map((name) => [name, noGradient])),
  };
}

async function fidWithInterval(
  context: StageContext,
  { dimensions, reduction, allowFewSamples, resamples }: FidOptions,
  generated: FeatureMatrix,
  reference: FeatureMatrix,
  leave: LeaveOut,
) {
  const target = Math.min(dimensions ?? generated.columns, generated.columns);
  const fewest = Math.min(generated.rows, reference.rows);
  const none = { fid: null, fidLow: null, fidHigh: null, fidPlugIn: null, dimensions: target };
  const enough = fewest >= Math.max(2, target);
  if (!enough) {
    const given = allowFewSamples && fewest >= 2;
    leave(
      `FID in ${target} dimensions needs at least as many images, but there are ${generated.rows} generated and ` +
        `${reference.rows} reference ones: its value would be mostly bias. ${given ? 'The value with its bias is given all the same (allowFewSamples).' : `It is left out; ${wayOut(fewest)}.`}`,
      ...['fid', 'fidLow', 'fidHigh', ...(given ? [] : ['fidPlugIn'])],
    );
    if (!given) return none;
  }
  const [g, r] = await reduced(context, generated, reference, target, reduction);
  const plugIn = await frechetDistance(g, r);
  if (!enough) return { ...none, fidPlugIn: plugIn.value };
  const random = context.random('fid-bootstrap');
  let drawn = 0;
  const { value, interval } = await bootstrapCorrection(
    plugIn,
    () => {
      context.progress(++drawn, resamples, 'bias and interval of FID');
      return frechetDistance(g, r, [
        resampleWeights(g.rows, random),
        resampleWeights(r.rows, random),
      ]);
    },
    resamples,
    context.signal,
  );
  const [low, high] = withEnough('fid', fewest, fewestImages.fid(target), interval, leave);
  return { fid: value, fidLow: low, fidHigh: high, fidPlugIn: plugIn.value, dimensions: target };
}

/** What can be done where there are too few images for FID. */
function wayOut(fewest: number): string {
  if (fewest < 2) return 'give more images: nothing can be said from one';
  return 'lower `dimensions`, give more images, or look at KID';
}

/** Both sets in `target` dimensions. */
async function reduced(
  context: StageContext,
  generated: FeatureMatrix,
  reference: FeatureMatrix,
  target: number,
  reduction: FidOptions['reduction'],
): Promise<[FeatureMatrix, FeatureMatrix]> {
  if (target === generated.columns) return [generated, reference];
  const projection =
    reduction === 'principal-components'
      ? await principalComponents(reference, target)
      : randomProjection(generated.columns, target, context.random('projection'));
  return [applyProjection(generated, projection), applyProjection(reference, projection)];
}

async function kidWithInterval(
  context: StageContext,
  { kidImages }: FidOptions,
  generated: FeatureMatrix,
  reference: FeatureMatrix,
  leave: LeaveOut,
) {
  const g = subset(generated, kidImages, context, 'kid-generated');
  const r = subset(reference, kidImages, context, 'kid-reference');
  const used = { kidGeneratedImages: g.rows, kidReferenceImages: r.rows };
  const fewest = Math.min(g.rows, r.rows);
  if (fewest < 2) {
    const reason = 'KID needs at least 2 images of each set; it is left out.';
    leave(reason, 'kid', 'kidLow', 'kidHigh');
    return { kid: null, kidLow: null, kidHigh: null, ...used };
  }
  const kernels = await polynomialKernels(g, r, context.signal);
  const enough = fewest >= fewestImages.kid;
  const interval = enough ? mmd2Interval(kernels) : null;
  const [low, high] = withEnough('kid', fewest, fewestImages.kid, interval, leave);
  return { kid: unbiasedMmd2(kernels), kidLow: low, kidHigh: high, ...used };
}

/** The interval, or none where it would hold the truth too seldom. */
function withEnough(
  name: 'fid' | 'kid',
  images: number,
  needed: number,
  interval: Interval | null,
  leave: LeaveOut,
): Interval | readonly [null, null] {
  if (images >= needed && interval) return interval;
  const what = `The interval of ${name.toUpperCase()}`;
  leave(
    images < needed
      ? `${what} needs at least ${needed} images of each set, the smaller one has ${images}: it would hold the truth too seldom, and is left out.`
      : `${what} is left out: the images are too much alike to tell it.`,
    `${name}Low`,
    `${name}High`,
  );
  return [null, null];
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
