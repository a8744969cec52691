import { spawnSync } from 'node:child_process';

import type { z } from 'zod';

import { digestOf } from '../cache/canonical.js';
import { badAnswer, noAnswer } from '../errors/templates/isolation.js';
import { safeError } from '../errors/thrown.js';
import { replySchema, toldError, type Question } from './answers.js';
import { isolatedCommand, isolatedEnvironment } from './command.js';
import type { IsolatedPlugin } from './isolation.js';
import { privateFolder } from './private-folder.js';

/** What a plugin's code threw in its isolated process. */
export class ToldError extends Error {
  constructor(readonly told: Error) {
    super(told.message);
  }
}

const milliseconds = 60_000;
const mostBytes = 8 * 2 ** 20;
/** Replies by question and code: a matrix asks the same of many jobs. */
const replies = new Map<string, unknown>();

/**
 * Asks a plugin's code something, in an isolated process of its own, and waits.
 *
 * @throws ToldError with what the code threw; UserError ISOLATED_NO_ANSWER, ISOLATED_BAD_ANSWER
 */
export function ask<S extends z.ZodType>(
  plugin: IsolatedPlugin,
  question: Question,
  schema: S,
): z.output<S> {
  const { target, codeDigest } = plugin;
  const key = digestOf({ target, codeDigest, question });
  if (!replies.has(key)) replies.set(key, askProcess(plugin, question));
  const reply = replySchema.safeParse(replies.get(key));
  if (!reply.success) throw badAnswer(target.name, firstIssue(reply.error));
  if (!reply.data.ok) throw new ToldError(toldError(reply.data.error));
  const answer = schema.safeParse(reply.data.answer);
  if (!answer.success) throw badAnswer(target.name, firstIssue(answer.error));
  return answer.data;
}

function askProcess(plugin: IsolatedPlugin, question: Question): unknown {
  const { target } = plugin;
  const folder = privateFolder();
  try {
    const [program = '', ...args] = isolatedCommand(plugin, folder.path, 'ask');
    const { error, output, signal, status } = spawnSync(program, args, {
      cwd: folder.path,
      env: isolatedEnvironment,
      input: JSON.stringify({ target, question }),
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      timeout: milliseconds,
      killSignal: 'SIGKILL',
      maxBuffer: mostBytes,
    });
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    const fail = (what: string) => noAnswer(target.name, what, lastLine(String(output?.[2] ?? '')));
    if (code === 'ETIMEDOUT' || signal === 'SIGXCPU') throw fail('did not answer in time');
    if (code === 'ENOBUFS') throw badAnswer(target.name, `more than ${mostBytes} bytes.`);
    if (error) throw fail(`could not be started (${error.message})`);
    if (signal !== null) throw fail(`was ended by ${signal}`);
    const text = String(output[3] ?? '');
    if (text === '') throw fail(`ended with exit code ${status} and without an answer`);
    return parse(target.name, text);
  } finally {
    folder.remove();
  }
}

function parse(plugin: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badAnswer(plugin, safeError(error).message);
  }
}

function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  const path = issue?.path.map(String).join('.') ?? '';
  return `${path === '' ? 'it' : `"${path}"`}: ${issue?.message ?? 'another form'}.`;
}

/** The last line of what it wrote, where that says more than a line of a stack. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => /^\S*Error\b|heap out of memory/.test(line));
  return lines.at(-1)?.slice(0, 300) ?? '';
}
