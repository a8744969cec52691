import fc, { type Arbitrary } from 'fast-check';

import type { Artefact, Images, Pictures, Scalars, Series } from '@privatesnn/core';

import { arbitraryAnn, arbitraryArchitecture } from './networks.js';
import { arbitraryImages, arbitrarySnn } from './spiking.js';

const text = fc.string({ maxLength: 12 });
const key = text.filter((name) => name !== '__proto__');
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const numberOrNull = fc.option(number, { nil: null });

/** Named numbers, some of them null. */
export const arbitraryScalars: Arbitrary<Scalars> = fc.record({
  type: fc.constant('scalars'),
  values: fc.dictionary(key, numberOrNull, { maxKeys: 5, noNullPrototype: true }),
});

/** Up to three curves over an axis of numbers and names. */
export const arbitrarySeries: Arbitrary<Series> = fc
  .array(fc.oneof(number, text), { maxLength: 5 })
  .chain((x) => {
    const y = fc.array(numberOrNull, { minLength: x.length, maxLength: x.length });
    return fc.record({
      type: fc.constant('series' as const),
      title: text,
      xLabel: text,
      yLabel: text,
      x: fc.constant(x),
      lines: fc.array(fc.record({ name: text, y }), { maxLength: 3 }),
    });
  });

/** Up to three pictures, grey or in colours. */
export const arbitraryPictures: Arbitrary<Pictures> = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom(1 as const, 3 as const),
  )
  .chain((shape) => {
    const length = shape[0] * shape[1] * shape[2];
    const pixels = fc.uint8Array({ minLength: length, maxLength: length });
    return fc.record({
      type: fc.constant('pictures' as const),
      title: text,
      shape: fc.constant(shape),
      items: fc.array(fc.record({ label: text, pixels }), { maxLength: 3 }),
    });
  });

/** Images with and without soft labels. */
const images: Arbitrary<Images> = arbitraryArchitecture()
  .chain((architecture) => fc.tuple(arbitraryImages(architecture), fc.boolean()))
  .map(([plain, soft]) => {
    const softLabels = new Float32Array(plain.shape[0] * plain.classNames.length);
    return soft ? { ...plain, softLabels } : plain;
  });

/** An artefact of any type. */
export const arbitraryArtefact: Arbitrary<Artefact> = fc.oneof(
  images,
  arbitraryAnn(),
  arbitrarySnn(),
  arbitraryScalars,
  arbitrarySeries,
  arbitraryPictures,
);
