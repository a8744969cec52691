import { test } from 'vitest';

import { expectInterrupt } from './testing/folder.js';

test('Ctrl-C ends a run whose stage listens', () =>
  expectInterrupt('steps: 1000, milliseconds: 10'));

test('Ctrl-C ends a run whose stage never listens', () =>
  expectInterrupt('deaf: true, milliseconds: 60000'));
