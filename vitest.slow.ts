import { defineConfig } from 'vitest/config';

import { conditions } from './vitest.shared.js';

/** The slow tests of all packages, one file after the other: they load real data and train. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.slow.test.ts'],
    fileParallelism: false,
    testTimeout: 600_000,
  },
});
