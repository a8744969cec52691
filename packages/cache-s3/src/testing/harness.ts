import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { CacheHarness } from '@privatesnn/testkit';

import { parseAddress } from '../address.js';
import { openClient } from '../client.js';
import { openS3Cache } from '../open.js';

/** Where the SDK's environment points to a store. */
export const environment = (endpoint: string) => ({
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_ACCESS_KEY_ID: 'access',
  AWS_SECRET_ACCESS_KEY: 'secret-words',
  AWS_REGION: 'us-east-1',
  // Nothing of the user's own.
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
});

let count = 0;

/** A cache in a folder of its own in the bucket `b`, of the store that the environment points to. */
export async function s3Harness(): Promise<CacheHarness> {
  const location = `s3://b/tests/${process.pid}-${count++}`;
  const { prefix } = parseAddress(location);
  const client = await openClient();
  const at = (name: string) => ({ Bucket: 'b', Key: prefix + name });
  const write = async (name: string, bytes: Uint8Array | string) => {
    await client.send(new PutObjectCommand({ ...at(name), Body: bytes }));
  };
  const remove = async (name: string) => {
    await client.send(new DeleteObjectCommand(at(name)));
  };
  const names = async () => {
    const found: string[] = [];
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const query = { Bucket: 'b', Prefix: prefix, ContinuationToken: token };
      const page = await client.send(new ListObjectsV2Command(query));
      for (const { Key = '' } of page.Contents ?? []) found.push(Key.slice(prefix.length));
      token = page.NextContinuationToken;
    }
    return found;
  };
  return {
    open: (lifetime, clock) =>
      openS3Cache(location, {
        ...(lifetime === undefined ? {} : { lifetime }),
        ...(clock === undefined ? {} : { clock }),
      }),
    async read(name) {
      const { Body } = await client.send(new GetObjectCommand(at(name)));
      return Body!.transformToByteArray();
    },
    write,
    remove,
    names,
    placeOf: (name) => `${location}/${name}`,
    setLease: (key, text) => write(`leases/${key}`, text),
    async end() {
      for (const name of await names()) await remove(name);
      client.destroy();
    },
  };
}
