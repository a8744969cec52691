import { open, readFile, rename, unlink } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';

import { writeWhole, type NodeEvent, type NodeJob, type NodeOutcome } from '@privatesnn/core';

import type { Session } from './session.js';

/** The first line of a job's file. */
export interface JobOrder {
  readonly job: Omit<NodeJob, 'plan'> & { readonly plan: { readonly digest: string } };
  /** Where the run's cache lies. */
  readonly cache: string;
}

/** Each further line: what the node tells, at last how it ended. */
export type JobLine =
  | { readonly type: 'event'; readonly event: NodeEvent }
  | { readonly type: 'outcome'; readonly outcome: NodeOutcome };

/** Lets workers have a job. */
export async function offer(session: Session, id: string, order: JobOrder): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(order)}\n`);
  await writeWhole(join(session.waiting, id), [bytes], { durable: false, asides: session.path });
}

/** Takes back a job that nobody works on; false where somebody does. */
export const withdraw = (session: Session, id: string) =>
  done(() => unlink(join(session.waiting, id)));

/**
 * Claims a job for a worker, of which one succeeds.
 *
 * @param worker its unique name
 * @returns the job's file; undefined where another worker has it, or it was withdrawn
 */
export async function claim(
  session: Session,
  id: string,
  worker: string,
): Promise<string | undefined> {
  const file = join(session.taken, `${id}.${worker}`);
  if (await done(() => rename(join(session.waiting, id), file))) return file;
  // Over NFS the answer to a renaming that has succeeded may be lost, and the second try fails.
  return (await done(async () => (await open(file, 'r')).close())) ? file : undefined;
}

/** Gives a claimed job to other workers; false where the run does not want it any more. */
export const putBack = (session: Session, id: string, file: string) =>
  done(() => rename(file, join(session.waiting, id)));

export async function readOrder(file: string): Promise<JobOrder> {
  const text = await readFile(file, 'utf8');
  return JSON.parse(text.slice(0, text.indexOf('\n'))) as JobOrder;
}

/** Appends to a job's file; false where it is gone. It is never made: a session that was removed stays removed. */
export const append = (file: string, text: string) =>
  done(async () => {
    const handle = await open(file, constants.O_WRONLY | constants.O_APPEND);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  });

/**
 * Reads what a job's file has from an offset on, up to its last whole line.
 *
 * @returns the lines, and the offset behind them; undefined where the file is gone
 */
export async function readLines(
  file: string,
  offset: number,
): Promise<{ readonly lines: readonly JobLine[]; readonly offset: number } | undefined> {
  const chunks: Buffer[] = [];
  const found = await done(async () => {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const buffer = Buffer.alloc(Math.max(0, size - offset));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
      chunks.push(buffer.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  });
  if (!found) return undefined;
  const bytes = chunks[0]!;
  const end = bytes.lastIndexOf('\n') + 1;
  const lines = bytes.subarray(0, end).toString().split('\n').flatMap(parse);
  return { lines, offset: offset + end };
}

/** A line that a full disk has cut is followed by a whole one. */
function parse(line: string): JobLine[] {
  try {
    const value = JSON.parse(line) as Partial<JobLine>;
    return value.type === 'event' || value.type === 'outcome' ? [value as JobLine] : [];
  } catch {
    return [];
  }
}

/** Whether something on a file succeeded; false where that is gone. */
async function done(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
