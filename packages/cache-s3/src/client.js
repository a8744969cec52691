/**
 * How this process speaks to the store. Plain JavaScript, as is `lease-objects.js`, since the thread that renews leases
 * loads it from the sources as they are.
 */
import { S3Client } from '@aws-sdk/client-s3';

/** Milliseconds after which what does not answer counts as cut off. */
const connectMilliseconds = 5000;
const silenceMilliseconds = 20_000;

/**
 * A client for the endpoint, region and credentials that the SDK finds in its environment variables and files.
 *
 * @returns {Promise<S3Client>}
 */
export async function openClient() {
  const client = new S3Client({
    // Whole requests are tried again, with their bodies: `patience.ts`.
    maxAttempts: 1,
    followRegionRedirects: true,
    // Content is checked by digests of our own, and not all stores know those of the SDK.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: connectMilliseconds, socketTimeout: silenceMilliseconds },
  });
  // Stores of one's own have no name for each bucket.
  const endpoint = await client.config.serviceConfiguredEndpoint?.();
  client.config.forcePathStyle = endpoint !== undefined;
  return client;
}
