import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/**
 * Which layers a layer may import.
 *
 * @param {readonly string[]} more what tests may import besides
 */
const layers = (...more) => [
  { sourceTag: 'layer:core', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'layer:testkit', onlyDependOnLibsWithTags: ['layer:core'] },
  { sourceTag: 'layer:cache', onlyDependOnLibsWithTags: ['layer:core', ...more] },
  {
    sourceTag: 'layer:math',
    onlyDependOnLibsWithTags: ['layer:core', 'layer:math', ...more],
  },
  {
    sourceTag: 'layer:plugin',
    onlyDependOnLibsWithTags: ['layer:core', 'layer:math', ...more],
  },
  {
    sourceTag: 'layer:app',
    onlyDependOnLibsWithTags: ['layer:core', 'layer:cache', 'layer:math', 'layer:plugin', ...more],
  },
];

const boundaries = (...more) => ({
  '@nx/enforce-module-boundaries': [
    'error',
    { enforceBuildableLibDependency: false, allow: [], depConstraints: layers(...more) },
  ],
});

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/.nx/**',
      '**/build/**',
      '**/vitest.config.ts',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.js', '**/*.mjs'],
    plugins: { '@nx': nx },
    rules: {
      ...boundaries(),
      'no-restricted-properties': [
        'error',
        {
          object: 'Math',
          property: 'random',
          message: 'Use a named seed stream: context.random(name).',
        },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      // Gives the type of a schema a name.
      '@typescript-eslint/no-empty-object-type': [
        'error',
        { allowInterfaces: 'with-single-extends' },
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/*.test.js', '**/testing/**'],
    rules: boundaries('layer:testkit'),
  },
);
