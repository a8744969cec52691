import { expect, test } from 'vitest';

import { exitFailure, memoryKills, type Exit } from './exit-status.js';

const failureOf = (exit: Partial<Exit>) =>
  exitFailure({ code: null, signal: null, killsBefore: memoryKills(), lastLines: [], ...exit });

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'a child that somebody else ends by %s, before it listens, has lost its node',
  (signal) => {
    const { status, error } = failureOf({ signal });
    expect([status, error.code]).toEqual(['lost', 'STAGE_ENDED']);
    expect(error.message).toContain(signal);
  },
);

test.each([
  [{ signal: 'SIGSEGV' }, 'crashed'],
  [{ signal: 'SIGKILL' }, 'crashed'],
  [{ signal: 'SIGKILL', killsBefore: -1 }, 'out-of-memory'],
  [{ signal: 'SIGABRT', lastLines: ['FATAL ERROR: heap out of memory'] }, 'out-of-memory'],
  [{ code: 3 }, 'exited'],
  [{ code: 139 }, 'crashed'],
  [{ signal: 'SIGTERM', ended: 'interrupted' }, 'interrupted'],
  [{ signal: 'SIGKILL', ended: 'silent' }, 'silent'],
] as const)('%o is told as %s', (exit, status) => {
  expect(failureOf(exit).status).toBe(status);
});
