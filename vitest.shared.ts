import { defineConfig } from 'vitest/config';

export const conditions = ['@privatesnn/source'];

/** The test configuration of one package: sources of the other packages are read as they are, unbuilt. */
export function packageConfig(root: string) {
  return defineConfig({
    root,
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      // Plugins that an experiment names are found by the same condition.
      execArgv: ['-C', conditions[0]!],
      include: ['src/**/*.test.ts'],
      exclude: ['src/**/*.slow.test.ts'],
      // Only against what never ends: tests say nothing about time, and a machine may be busy.
      testTimeout: 180_000,
      hookTimeout: 180_000,
    },
  });
}
