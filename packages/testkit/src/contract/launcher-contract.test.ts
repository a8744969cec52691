import { join, resolve } from 'node:path';

import { childProcesses, inProcess } from '@privatesnn/core';

import { runLauncherContract } from './launcher-contract.js';

const testing = resolve(import.meta.dirname, '../../../core/src/testing');

const nothingLeft = () => Promise.resolve([]);

runLauncherContract('in-process', () => Promise.resolve({ open: inProcess, end: nothingLeft }), {
  apart: false,
});

runLauncherContract('local', () => {
  const open = childProcesses({
    slots: 2,
    patience: 600_000,
    command: ({ cache }) => [
      process.execPath,
      '--import',
      join(testing, 'typescript-loader.js'),
      join(testing, 'node-child.ts'),
      cache,
    ],
  });
  return Promise.resolve({ open, end: nothingLeft });
});
