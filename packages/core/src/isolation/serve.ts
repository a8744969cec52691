import { readFileSync, writeSync } from 'node:fs';

import type { AnyService } from '../contracts/plugin.js';
import { answerTo } from './answer.js';
import type { Question } from './answers.js';
import { denied } from './denied.js';
import type { Target } from './isolation.js';
import { runJob } from './run-job.js';

/**
 * In an isolated process: answers the question of its standard input on file descriptor 3, or runs the stage that the
 * first line names, and ends.
 *
 * @param services those that isolated stages may have
 */
export async function serveIsolated(services: () => Promise<readonly AnyService[]>): Promise<void> {
  if (process.argv[2] === 'run') return runJob(services);
  const { target, question } = JSON.parse(readFileSync(0, 'utf8')) as {
    target: Target;
    question: Question;
  };
  const fail = (error: unknown) => end({ ok: false, error: denied(target.name, error) });
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    end({ ok: true, answer: await answerTo(target, question) });
  } catch (error) {
    fail(error);
  }
}

function end(reply: unknown): never {
  tell(`${JSON.stringify(reply)}`);
  process.exit(0);
}

/** Writes to whoever started this process. */
export function tell(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(3, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
