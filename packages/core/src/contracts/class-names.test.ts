import fc from 'fast-check';
import { expect, test } from 'vitest';

import { assertSameClasses, type Classed } from './class-names.js';

const images = (...classNames: string[]): Classed => ({ type: 'images', classNames });
const ann = (...classNames: string[]): Classed => ({ type: 'ann', classNames });
const snn = (...classNames: string[]): Classed => ({ type: 'snn', classNames });

function warnings(...all: Classed[]): string[] {
  const told: string[] = [];
  assertSameClasses({ warn: (text) => void told.push(text) }, ...all);
  return told;
}

test('other names are refused, with the first difference of both lists', () => {
  expect(() => warnings(images('pear', 'plum'), ann('apple', 'pear'))).toThrow(
    'class 0 of the images is "pear", and of the ANN "apple". They have pear, plum and apple, pear.',
  );
  expect(() => warnings(images('a', 'b'), ann('a', 'b'), snn('a', 'c'))).toThrow(
    'class 1 of the images is "b", and of the spiking network "c"',
  );
  expect(() => warnings(images('a', 'b'), ann('a', 'b', 'c'))).toThrow('of the ANN "c"');
});

test('any other order is refused as such', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(names, fc.nat(), (list, by) => {
      const turn = 1 + (by % (list.length - 1));
      const turned = [...list.slice(turn), ...list.slice(0, turn)];
      expect(() => warnings(images(...list), ann(...turned))).toThrow(
        'the same names in another order',
      );
      expect(warnings(images(...list), ann(...list), snn(...list))).toEqual([]);
    }),
  );
});

test('bare numbers on one side cannot be compared, which is told once', () => {
  const told = warnings(images('apple', 'pear'), ann('0', '1'), snn('0', '1'));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(
    'classes of the ANN are only numbered, those of the images are named (apple, pear)',
  );
  expect(() => warnings(images('apple', 'pear'), ann('0', '1'), snn('pear', 'plum'))).toThrow(
    'spiking network "pear"',
  );
  expect(() => warnings(images('1', '2'), ann('0', '1'))).toThrow('class 0 of the images is "1"');
});
