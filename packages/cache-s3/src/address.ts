import { UserError } from '@privatesnn/core';

/** Where a cache lies: in a bucket, beneath a prefix. */
export interface Address {
  readonly bucket: string;
  /** Ends in "/", or is empty. */
  readonly prefix: string;
  /** `s3://BUCKET/PREFIX`, without a "/" at its end. */
  readonly location: string;
}

/**
 * @param location `s3://BUCKET/PREFIX`
 * @throws UserError BAD_S3_ADDRESS
 */
export function parseAddress(location: string): Address {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/?#@:\s]+)(\/[^?#]*)?$/i.exec(location) ?? [];
  const parts = path.split('/').filter((part) => part !== '');
  if (bucket === '' || parts.some((part) => part === '.' || part === '..')) throw bad(location);
  const prefix = parts.map((part) => `${part}/`).join('');
  return { bucket, prefix, location: ['s3:/', bucket, ...parts].join('/') };
}

const bad = (location: string) =>
  new UserError(
    'configuration',
    'BAD_S3_ADDRESS',
    // What stands before an "@" may be a secret.
    `Expected a cache in S3 storage to be s3://BUCKET/PREFIX, received "${location.replace(/\/\/.*@/, '//…@')}".`,
    {
      hint: 'Endpoint, region and credentials are no part of it: they are taken from the environment (AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_PROFILE, …) and from ~/.aws.',
    },
  );
