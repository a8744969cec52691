import { runCacheContract } from '@privatesnn/testkit';
import { afterAll, beforeAll, vi } from 'vitest';

import { fakeS3, type FakeS3 } from './testing/fake-s3.js';
import { environment, s3Harness } from './testing/harness.js';

let fake: FakeS3;
beforeAll(async () => {
  fake = await fakeS3();
  for (const [name, value] of Object.entries(environment(fake.endpoint))) vi.stubEnv(name, value);
});
afterAll(() => fake.end());

runCacheContract('a bucket in memory', s3Harness);
