import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { canonicalJson } from './canonical.js';
import { stageKey, type KeyParts } from './key.js';

const parts: fc.Arbitrary<KeyParts> = fc.record({
  kind: fc.constantFrom('dataset', 'metric'),
  use: fc.string(),
  version: fc.integer({ min: 1, max: 9 }),
  options: fc.dictionary(fc.string(), fc.oneof(fc.double(), fc.string(), fc.boolean())),
  inputs: fc.dictionary(fc.string(), fc.string()),
  rootSeed: fc.nat(),
  stage: fc.string(),
  code: fc.string(),
  core: fc.string(),
  services: fc.dictionary(fc.string(), fc.string()),
  fingerprint: fc.string(),
  ancestors: fc.dictionary(
    fc.string(),
    fc.array(fc.record({ stage: fc.string(), kind: fc.constant('model'), use: fc.string() })),
  ),
});

test.prop([parts, parts])('two keys are equal only if all their parts are', (a, b) => {
  for (const part of Object.keys(a) as (keyof KeyParts)[]) {
    const changed = { ...a, [part]: b[part] };
    const same = canonicalJson(a[part]) === canonicalJson(b[part]);
    expect(stageKey(changed).key === stageKey(a).key).toBe(same);
  }
});

test.prop([parts])('the order of options does not matter', (a) => {
  const options = Object.fromEntries(Object.entries(a.options as object).reverse());
  expect(stageKey({ ...a, options })).toEqual(stageKey(a));
});

test('numbers that JSON would mix up have keys of their own', () => {
  const texts = [NaN, Infinity, -Infinity, -0, 0, null, 'NaN', '0'].map(canonicalJson);
  expect(new Set(texts).size).toBe(texts.length);
});
