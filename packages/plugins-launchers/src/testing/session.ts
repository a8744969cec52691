import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { makeSession } from '../folder/session.js';

/** A folder in the place of a run's, with a session. */
export async function testSession() {
  const run = mkdtempSync(join(tmpdir(), 'privatesnn-session-'));
  onTestFinished(() => rmSync(run, { recursive: true, force: true }));
  return { run, session: await makeSession(run) };
}
