import { defineConfig } from 'vitest/config';

// Only this repository needs it: its packages are then read from their sources, so that no build is needed.
const conditions = ['@privatesnn/source'];

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // The other examples and the documents have no package of their own, so their tests run here.
  test: {
    include: ['src/**/*.test.js', '../*.test.js', '../one-file/*.test.js'],
    testTimeout: 30_000,
  },
});
