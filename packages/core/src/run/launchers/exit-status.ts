import { readFileSync } from 'node:fs';

import { UserError } from '../../contracts/error.js';
import type { NodeFailure, NodeFailureStatus } from '../../contracts/work.js';
import { errorData } from '../../errors/error-data.js';

/** How a child's process ended, without a word about its node. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why the launcher itself ended it. */
  readonly ended?: 'silent' | 'interrupted' | undefined;
  /** How often the system had ended processes for want of memory when the child started. */
  readonly killsBefore: number;
  readonly lastLines: readonly string[];
}

/** What the end of a process says of the node that it worked on. */
export function exitFailure(exit: Exit): NodeFailure {
  const status = statusOf(exit);
  const [errorClass, code, message, hint] = wordsFor(status, exit);
  const error = new UserError(errorClass, code, message, hint === undefined ? {} : { hint });
  return { status, error: errorData(error), lastLines: exit.lastLines };
}

/** Signals that ask a process to end, where a fault or the want of memory sends others. */
const requests: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP']);

function statusOf({ code, signal, ended, killsBefore, lastLines }: Exit): NodeFailureStatus {
  if (ended) return ended;
  // V8 says so on standard error, and aborts.
  if (lastLines.some((line) => /heap out of memory|allocation failed/i.test(line))) {
    return 'out-of-memory';
  }
  // Asked to end by somebody else, before it could listen: as a cluster does that takes a worker's processes away.
  if (signal !== null && requests.has(signal)) return 'lost';
  if (signal === 'SIGKILL' && memoryKills() > killsBefore) return 'out-of-memory';
  return signal === null && code !== null && code < 128 ? 'exited' : 'crashed';
}

type Words = readonly [class_: 'plugin' | 'run', code: string, message: string, hint?: string];

function wordsFor(status: NodeFailureStatus, { code, signal }: Exit): Words {
  switch (status) {
    case 'out-of-memory':
      return [
        'run',
        'OUT_OF_MEMORY',
        'its process ran out of memory.',
        'Give it more (NODE_OPTIONS=--max-old-space-size=8192), or run fewer at a time: --jobs 1.',
      ];
    case 'exited':
      return [
        'plugin',
        'STAGE_EXITED',
        `it ended its process (exit code ${code}) instead of giving a result.`,
        'A stage must not call process.exit.',
      ];
    case 'silent':
      return [
        'run',
        'STAGE_SILENT',
        'its process did not answer any more, and was ended.',
        'A longer time may be given with --patience.',
      ];
    case 'lost':
      return [
        'run',
        'STAGE_ENDED',
        `its process was ended by ${signal}, which this run did not send.`,
      ];
    case 'interrupted':
      return ['run', 'STAGE_INTERRUPTED', 'it was ended before it was done.'];
    default:
      return [
        'run',
        'STAGE_CRASHED',
        `its process was ended by ${signal ?? `a fault (exit code ${code})`}.`,
        signal === 'SIGKILL' ? 'The system may have run out of memory: try --jobs 1.' : undefined,
      ] as Words;
  }
}

/** How often this machine has ended a process for want of memory; 0 where it does not tell. */
export function memoryKills(): number {
  let kills = 0;
  for (const [file, name] of [
    ['/proc/vmstat', 'oom_kill'],
    ['/sys/fs/cgroup/memory.events', 'oom_kill'],
  ] as const) {
    try {
      const line = new RegExp(`^${name} (\\d+)$`, 'm').exec(readFileSync(file, 'utf8'));
      kills += Number(line?.[1] ?? 0);
    } catch {
      // Not on this system.
    }
  }
  return kills;
}
