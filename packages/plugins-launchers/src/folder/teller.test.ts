import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import type { JobLine } from './job-file.js';
import { createTeller } from './teller.js';

const pauses = { batch: 1, again: 1 };
/** As the run reads them: what was cut is no line. */
const linesOf = (text: string) =>
  text.split('\n').flatMap((line): JobLine[] => {
    try {
      return [JSON.parse(line) as JobLine];
    } catch {
      return [];
    }
  });

property.prop([fc.array(fc.string({ maxLength: 5 }), { maxLength: 8 }), fc.array(fc.nat(60))])(
  'what is told is written once and in its order, the outcome last, also where writes fail half-way',
  async (told, failures) => {
    let text = '';
    const faults: unknown[] = [];
    const cuts = [...failures];
    const teller = createTeller(
      (more) => {
        const cut = cuts.shift();
        // A write that fails has written a part, but for a whole line.
        if (cut !== undefined) {
          text += more.slice(0, Math.min(cut, more.trimStart().indexOf('\n')));
          return Promise.reject(new Error('no space left'));
        }
        text += more;
        return Promise.resolve(true);
      },
      (error) => faults.push(error),
      pauses,
    );
    for (const message of told) teller.tell({ node: 'n', type: 'info', message });
    teller.end({ status: 'elsewhere' });
    await teller.written();
    const heard = linesOf(text).map((line) =>
      line.type === 'event' && line.event.type === 'info' ? line.event.message : line.type,
    );
    expect(heard).toEqual([...told, 'outcome']);
    expect(faults).toHaveLength(failures.length);
  },
);

test('where the run wants a job no more, its worker does not wait', async () => {
  let tries = 0;
  const append = () => Promise.resolve(++tries < 0);
  const teller = createTeller(append, () => undefined, pauses);
  teller.end({ status: 'elsewhere' });
  await teller.written();
  teller.tell({ node: 'n', type: 'info', message: 'more' });
  await teller.written();
  expect(tries).toBe(1);
});
