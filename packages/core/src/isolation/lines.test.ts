import { PassThrough } from 'node:stream';

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { eachMessage } from './lines.js';

/** What is heard of texts that come one after the other. */
async function heard(texts: readonly string[]) {
  const stream = new PassThrough();
  const messages: unknown[] = [];
  const faults: string[] = [];
  eachMessage(
    stream,
    (message) => messages.push(message),
    (what) => faults.push(what),
  );
  for (const text of texts) stream.write(text);
  stream.end();
  await new Promise((done) => stream.on('end', done));
  return { messages, faults };
}

test.prop([fc.array(fc.json()), fc.infiniteStream(fc.integer({ min: 1, max: 9 }))])(
  'messages come as they were sent, however they were cut',
  async (sent, sizes) => {
    const text = sent.map((one) => `${JSON.stringify(JSON.parse(one))}\n`).join('');
    const pieces: string[] = [];
    for (let at = 0; at < text.length;) {
      const { value: size } = sizes.next() as { value: number };
      pieces.push(text.slice(at, at + size));
      at += size;
    }
    const { messages, faults } = await heard(pieces);
    expect(messages).toEqual(sent.map((one) => JSON.parse(one) as unknown));
    expect(faults).toEqual([]);
  },
);

test('nothing is heard after what cannot be read', async () => {
  expect(await heard(['1\n', 'x\n', '2\n', '{\n'])).toEqual({
    messages: [1],
    faults: ['a message that cannot be read.'],
  });
});

test('a line without an end is not kept', async () => {
  const { faults } = await heard(new Array<string>(40).fill('x'.repeat(2 ** 16)));
  expect(faults).toEqual(['a message of more than 1048576 bytes.']);
});
