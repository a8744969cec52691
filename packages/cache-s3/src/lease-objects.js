/**
 * The objects of leases, read and written the same way by the process that wants one and by the thread that keeps it.
 *
 * A lease is one object: its holder's unique name, a blank and a number that grows. It is made where none is
 * (If-None-Match), and changed only as it was seen (If-Match), so that of several who want it one succeeds.
 */
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';

/** @typedef {import('@aws-sdk/client-s3').S3Client} Client */
/** @typedef {{ Bucket: string, Key: string }} Place */
/** @typedef {{ IfNoneMatch: '*' } | { IfMatch: string }} Condition */
/** @typedef {{ text: string, etag: string }} Found */

/** @param {unknown} error */
export const statusOf = (error) =>
  /** @type {{ $metadata?: { httpStatusCode?: number } }} */ (error).$metadata?.httpStatusCode;

/**
 * @param {unknown} error
 * @returns {undefined}
 */
export function missingIsUndefined(error) {
  // A bucket that is missing is no missing object.
  if (statusOf(error) === 404 && /** @type {Error} */ (error).name !== 'NoSuchBucket') return;
  throw error;
}

/**
 * @param {Client} client
 * @param {Place} place
 * @returns {Promise<Found | undefined>}
 */
export async function readLease(client, place) {
  try {
    const { Body, ETag = '' } = await client.send(new GetObjectCommand(place));
    return { text: (await Body?.transformToString()) ?? '', etag: ETag };
  } catch (error) {
    return missingIsUndefined(error);
  }
}

/**
 * Writes a lease if a condition holds; its new tag, or undefined where it does not hold, or where the answer to an
 * earlier try of the same was lost.
 *
 * @param {Client} client
 * @param {Place} place
 * @param {string} text
 * @param {Condition} condition
 */
export async function putLease(client, place, text, condition) {
  try {
    const put = new PutObjectCommand({ ...place, ...condition, Body: text });
    return (await client.send(put)).ETag ?? '';
  } catch (error) {
    // 409: another writes it at this moment.
    if ([409, 412].includes(statusOf(error) ?? 0)) return undefined;
    return missingIsUndefined(error);
  }
}

/**
 * Removes a lease as it was seen; false where it has changed. Stores that know no conditions here remove it anyway.
 *
 * @param {Client} client
 * @param {Place} place
 * @param {string} etag
 */
export async function removeLease(client, place, etag) {
  try {
    await client.send(new DeleteObjectCommand({ ...place, IfMatch: etag }));
    return true;
  } catch (error) {
    if (statusOf(error) === 501) await client.send(new DeleteObjectCommand(place));
    else if ([409, 412].includes(statusOf(error) ?? 0)) return false;
    else missingIsUndefined(error);
    return true;
  }
}

/**
 * Whether a lease is that of a holder.
 *
 * @param {Found | undefined} found
 * @param {string} holder
 */
export const isOf = (found, holder) => found?.text.split(' ')[0] === holder;
