import { defineConfig } from 'vitest/config';

// Only this repository needs it: its packages are then read from their sources, so that no build is needed.
const conditions = ['@privatesnn/source'];

export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // The one-file example has no package of its own, so its test runs here.
  test: { include: ['src/**/*.test.js', '../one-file/*.test.js'], testTimeout: 30_000 },
});
