import { defineConfig } from 'vitest/config';

export const conditions = ['@privatesnn/source'];

/** The test configuration of one package: sources of the other packages are read as they are, unbuilt. */
export function packageConfig(root: string) {
  return defineConfig({
    root,
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      include: ['src/**/*.test.ts'],
      exclude: ['src/**/*.slow.test.ts'],
      testTimeout: 30_000,
    },
  });
}
