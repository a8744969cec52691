import { expect, test } from 'vitest';

import { writeError } from '../cache/write-whole.js';
import { exitCode } from './exit-codes.js';
import { reporterFailed, stageFailed } from './templates/run.js';
import { safeError } from './thrown.js';
import { unreadableFile } from './unreadable-file.js';

test.each(['EMFILE', 'ENFILE'])('%s is a fault of the environment, whoever meets it', (code) => {
  const full = Object.assign(new Error(`${code}: too many open files, open '/x'`), { code });
  for (const error of [
    safeError(full),
    writeError('/x', full),
    unreadableFile({ code: 'X', what: 'file', path: '/x', hint: '', cause: full }),
    stageFailed('Stage "a"', { file: '/x' }, {}, full),
    reporterFailed('table', 'plugin', full),
  ]) {
    expect(error).toMatchObject({ code: 'TOO_MANY_FILES', errorClass: 'environment' });
    expect(exitCode(error)).toBe(5);
  }
});
