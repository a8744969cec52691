import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkOutputs, decode, encode, type Artefact } from '@privatesnn/core';

import { tinyAnn, tinySnn } from '../tiny-network.js';
import { arbitraryArtefact } from './artefacts.js';

/** What the runner makes of an artefact that a stage gave. */
const checked = (artefact: { type: Artefact['type'] }): Artefact =>
  checkOutputs(
    { kind: 'metric', outputs: { it: { type: artefact.type, description: '' } } },
    { it: artefact },
  )['it']!;

/** An artefact that can be written to, typed arrays included. */
const copy = <T>(value: T): T => structuredClone(value);

/** Everything in an artefact to which something could be added. */
function places(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  if (ArrayBuffer.isView(value)) return [value];
  return [value, ...Object.values(value).flatMap(places)];
}

const secret = Float32Array.of(1, 2, 3);
const property = (key: PropertyKey, descriptor: PropertyDescriptor) => (place: object) =>
  void Object.defineProperty(place, key, descriptor);
const shown = { enumerable: true, configurable: true };

const adaptive = {
  kind: 'adaptive',
  rest: 1,
  growth: 0,
  thresholdDecay: 0,
  refractoryDecay: 0,
  currentDecay: 0,
  membraneDecay: 0,
};

/** Ways to add something to a place. */
const additions: Readonly<Record<string, (place: object) => void>> = {
  'a field': property('stash', { ...shown, value: secret }),
  'a field named as one of every object': property('toString', { ...shown, value: secret }),
  'a field named __proto__': property('__proto__', { ...shown, value: secret }),
  'an object': property('stash', { ...shown, value: { secret } }),
  'a symbol': property(Symbol('stash'), { ...shown, value: secret }),
  'a symbol that is hidden': property(Symbol.iterator, { value: secret }),
  'a field that is hidden': property('stash', { value: secret }),
  'an accessor': property('stash', { ...shown, get: () => secret }),
  'another prototype': (place) =>
    void Object.setPrototypeOf(
      place,
      Object.create(Object.getPrototypeOf(place) as object, { stash: { value: secret } }) as object,
    ),
};

describe('the contract of artefacts', () => {
  it('accepts every artefact, and what is stored comes back as it was', () => {
    fc.assert(
      fc.property(arbitraryArtefact, (artefact) => {
        expect(decode(Buffer.concat(encode(checked(artefact)).chunks))).toEqual(artefact);
      }),
    );
  });

  it.each(Object.entries(additions))('refuses %s at any place', (_, add) => {
    fc.assert(
      fc.property(arbitraryArtefact, fc.nat(), (artefact, at) => {
        const spoilt = copy(artefact);
        const all = places(spoilt);
        add(all[at % all.length]!);
        expect(() => checked(spoilt)).toThrow(/it \(|"it"/);
      }),
    );
  });

  it('is not reached by what a stage does to its outputs afterwards', () => {
    fc.assert(
      fc.property(arbitraryArtefact, (artefact) => {
        const given = copy(artefact);
        const kept = checked(given);
        const { digest } = encode(kept);
        for (const place of places(given)) {
          if (ArrayBuffer.isView(place)) property('stash', { ...shown, value: secret })(place);
          else Object.assign(place, { stash: secret, length: 0 });
        }
        expect(encode(kept).digest).toBe(digest);
      }),
    );
  });

  const snn = tinySnn();
  const ann = tinyAnn();
  const weight = snn.parameters['conv1.weight']!;
  class Subclass extends Float32Array {}
  it.each<[string, object, string]>([
    ['a subclass of a typed array', subclassed(), 'conv1.weight.data is no plain array'],
    ['doubles', withWeight({ data: Float64Array.from(weight.data) as never }), 'no plain array'],
    ['a Proxy', { ...snn, neuron: new Proxy({ ...snn.neuron }, {}) }, 'neuron is a Proxy'],
    ['a Map', { ...snn, thresholds: new Map([['conv1', 1]]) }, 'thresholds is a Map'],
    ['a cycle', cyclic(), 'lies too deep, or contains itself'],
    ['a list with holes', { ...snn, classNames: Array<string>(3) }, 'a list with holes'],
    ['a threshold of a read-out layer', { ...snn, thresholds: { conv1: 1, fc1: 1 } }, 'fc1'],
    ['no threshold', { ...snn, thresholds: {} }, 'thresholds.conv1: It is missing'],
    ['a threshold of zero', { ...snn, thresholds: { conv1: 0 } }, 'thresholds.conv1'],
    ['a threshold that is not finite', { ...snn, thresholds: { conv1: NaN } }, 'conv1'],
    ['class names too many', { ...snn, classNames: ['a', 'b', 'c', 'd'] }, 'Expected 3'],
    ['a class name with a novel in it', { ...ann, classNames: ['a', 'b', 'c'.repeat(999)] }, '255'],
    ['a weight of another shape', withWeight({ shape: [3, 3, 4, 1] }), '3 × 3 × 1 × 4'],
    ['weights too many', withWeight({ data: new Float32Array(37) }), 'with 37 numbers'],
    ['a bias that no layer has', withParameter('conv1.bias'), 'No part of the architecture has it'],
    ['a second network', withParameter('other.weight'), 'No part of the architecture has it'],
    ['adaptive neurons with a leak', { ...snn, neuron: { ...adaptive, leak: 1 } }, '"leak"'],
    ['neurons of no kind', { ...snn, neuron: { leak: 1 } }, 'neuron.kind'],
    ['statistics of no layer', { ...ann, statistics: { other: twoNumbers() } }, 'no such layer'],
    ['statistics too many', { ...ann, statistics: { conv1: twoNumbers() } }, 'Expected 4 of each'],
    ['a text among numbers', { type: 'scalars', values: { a: 'secret' } }, 'values.a'],
    ['an infinite number', { type: 'scalars', values: { a: Infinity } }, 'values.a'],
  ])('refuses %s', (_, artefact, message) => {
    expect(() => checked(artefact as Artefact)).toThrow(message);
  });

  function withWeight(change: Partial<typeof weight>): object {
    return {
      ...snn,
      parameters: { ...snn.parameters, 'conv1.weight': { ...weight, ...change } },
    };
  }

  function subclassed(): object {
    return withWeight({ data: new Subclass(weight.data) });
  }

  function withParameter(name: string): object {
    const extra = { shape: [4], data: new Float32Array(4) };
    return { ...snn, parameters: { ...snn.parameters, [name]: extra } };
  }

  function twoNumbers() {
    return { mean: new Float32Array(2), variance: new Float32Array(2) };
  }

  function cyclic(): object {
    const neuron: Record<string, unknown> = { ...snn.neuron };
    neuron['self'] = neuron;
    return { ...snn, neuron };
  }
});
