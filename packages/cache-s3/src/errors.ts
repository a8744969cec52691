import { UserError } from '@privatesnn/core';

import { statusOf } from './lease-objects.js';

/** What the network says when it is away. */
const networkCodes = new Set(
  'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENOTFOUND EAI_AGAIN'.split(
    ' ',
  ),
);
/** What stores and the SDK say that is over after a while. A clock that is wrong the SDK sets right by the first answer. */
const passingNames = new Set(
  'TimeoutError RequestTimeout SlowDown ServiceUnavailable InternalError Throttling ThrottlingException TooManyRequestsException RequestTimeTooSkewed'.split(
    ' ',
  ),
);
const fullNames = /quota|storagefull|insufficientstorage|nospace|diskfull/i;
const rightsNames = new Set('AccessDenied Forbidden AllAccessDisabled AccountProblem'.split(' '));
const keyNames = new Set(
  'InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken TokenRefreshRequired InvalidToken InvalidClientTokenId UnrecognizedClientException ExpiredTokenException'.split(
    ' ',
  ),
);

const nameOf = (error: unknown) => (error as Error).name;
const isFull = (error: unknown) => statusOf(error) === 507 || fullNames.test(nameOf(error));

/** Whether the same request may succeed later. */
export function isPassing(error: unknown): boolean {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  if (isFull(error)) return false;
  if (networkCodes.has(code) || passingNames.has(nameOf(error))) return true;
  const status = statusOf(error) ?? 0;
  if (status === 429 || (status >= 500 && status !== 501)) return true;
  // A body that was cut off.
  return message === 'aborted' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** An error in few words: never with what the SDK attaches to it, which has headers. */
export function describe(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException;
  return code ?? [name, message].filter((text) => text && text !== 'UnknownError').join(': ');
}

/** The error that a user sees. */
export function userError(
  error: unknown,
  location: string,
  place: string,
  how: 'read' | 'write',
): unknown {
  if (error instanceof UserError) return error;
  const name = nameOf(error);
  const status = statusOf(error);
  const said = describe(error);
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return new UserError(
      'environment',
      'S3_NO_CREDENTIALS',
      `There are no credentials for ${location}: ${(error as Error).message}.`,
      {
        hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile of ~/.aws.',
      },
    );
  }
  if (/^region is missing/i.test((error as Error).message)) {
    return new UserError('environment', 'S3_NO_REGION', `There is no region for ${location}.`, {
      hint: 'Set AWS_REGION; for a store that has no regions, to us-east-1.',
    });
  }
  if (name === 'NoSuchBucket') {
    return new UserError(
      'environment',
      'S3_NO_BUCKET',
      `The bucket of ${location} does not exist there.`,
      {
        hint: 'Make it, or correct its name, or the endpoint (AWS_ENDPOINT_URL_S3). No command here makes buckets.',
      },
    );
  }
  if (isFull(error)) {
    return new UserError(
      'environment',
      'DISK_FULL',
      `No space is left for ${place}: ${said}. Nothing half-written was kept.`,
      {
        hint: 'Free some space ("privatesnn cache gc" and "privatesnn cache clear" remove results), or raise the quota, then run again: finished stages are kept.',
      },
    );
  }
  if (keyNames.has(name)) {
    return new UserError(
      'environment',
      'S3_DENIED',
      `${location} does not take the credentials: ${said}.`,
      { hint: 'Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE.' },
    );
  }
  if (rightsNames.has(name) || status === 401 || status === 403) {
    // A cache that can only be read is of use, too.
    return how === 'write'
      ? new UserError('environment', 'NOT_WRITABLE', `${place} may not be written: ${said}.`, {
          hint: 'Ask for the right to s3:PutObject and s3:DeleteObject there, or choose another cache (--cache, PRIVATESNN_CACHE).',
        })
      : new UserError('environment', 'S3_DENIED', `${place} may not be read: ${said}.`, {
          hint: 'Ask for the right to s3:GetObject there and to s3:ListBucket on the bucket; without the latter a missing object looks like a forbidden one.',
        });
  }
  if (status === 501) {
    return new UserError(
      'environment',
      'S3_NOT_IMPLEMENTED',
      `The store of ${place} cannot do what is asked of it: ${said}.`,
    );
  }
  return new UserError('environment', 'S3_FAILED', `${place} failed: ${said}.`, {
    hint: 'Check bucket, endpoint (AWS_ENDPOINT_URL_S3) and region (AWS_REGION).',
  });
}

export const unreachable = (location: string, error: unknown, waited: number) =>
  new UserError(
    'environment',
    'S3_UNREACHABLE',
    `${location} did not answer for ${Math.round(waited / 1000)} s: ${describe(error)}.`,
    {
      hint: 'Check the network and the endpoint (AWS_ENDPOINT_URL_S3, AWS_REGION), then run again: finished stages are kept.',
    },
  );
