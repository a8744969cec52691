import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { parseAddress } from './address.js';

const part = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{2,10}$/).filter((text) => text !== '..');

test.prop([part, fc.array(part, { maxLength: 3 })])(
  'bucket and prefix are those of the address, with or without a slash at its end',
  (bucket, parts) => {
    const location = ['s3:/', bucket, ...parts].join('/');
    const address = { bucket, prefix: parts.map((one) => `${one}/`).join(''), location };
    expect(parseAddress(location)).toEqual(address);
    expect(parseAddress(`${location}/`)).toEqual(address);
  },
);

test.each([
  's3://',
  's3:///prefix',
  's3://b?region=x',
  's3://b/a#c',
  's3://b/../c',
  's3://key:secret-words@b/prefix',
])('%s is refused, and tells no secret', (location) => {
  const error = (() => {
    try {
      return parseAddress(location);
    } catch (reason) {
      return reason as Error;
    }
  })();
  expect(error).toMatchObject({ code: 'BAD_S3_ADDRESS', errorClass: 'configuration' });
  expect((error as Error).message).not.toContain('secret-words');
});
