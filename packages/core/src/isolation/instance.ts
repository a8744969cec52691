import { once } from 'node:events';
import { writeFileSync, appendFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import type { InputPorts, OutputPorts, StageContext, StageInstance } from '../contracts/stage.js';
import { decode, encode } from '../cache/codec.js';
import { badAnswer } from '../errors/templates/isolation.js';
import { safeError } from '../errors/thrown.js';
import { readOrdinary } from '../files/read-ordinary.js';
import { errorFrom } from '../errors/error-data.js';
import { ancestorsOf } from '../run/ancestors.js';
import { exitFailure, memoryKills } from '../run/launchers/exit-status.js';
import { addWard } from '../run/wards.js';
import type { WorkNode } from '../run/work.js';
import { toldError } from './answers.js';
import { isolatedCommand, isolatedEnvironment } from './command.js';
import type { IsolatedPlugin } from './isolation.js';
import { eachMessage } from './lines.js';
import {
  fromIsolatedSchema,
  privateFiles,
  type FromIsolated,
  type IsolatedJob,
  type ToIsolated,
} from './messages.js';
import { privateFolder } from './private-folder.js';
import { heard, unheard } from './silence.js';
import { packed } from './values.js';

/** From the wish that a stage ends to the end of its process. */
const graceMilliseconds = 600;
/** Node reads no larger file at once. */
const mostBytes = 2 ** 31 - 1;
const keptLines = 20;

/** A stage of an isolated plugin, which runs in a process of its own without rights. */
export function isolatedInstance(
  plugin: IsolatedPlugin,
  node: WorkNode,
  folder: string,
): StageInstance<InputPorts, OutputPorts> {
  return {
    async run(context, inputs) {
      const own = privateFolder();
      try {
        writeValue(join(own.path, privateFiles.inputs), inputs);
        const checkpoint = await context.loadCheckpoint();
        if (checkpoint !== undefined) {
          writeValue(join(own.path, privateFiles.checkpoint), checkpoint);
        }
        await runProcess(plugin, jobOf(plugin, node, folder), context, own.path);
        return readValue(plugin, join(own.path, privateFiles.outputs)) as never;
      } finally {
        own.remove();
      }
    },
  };
}

function jobOf({ target }: IsolatedPlugin, node: WorkNode, folder: string): IsolatedJob {
  const { stage, declared, options, seed, inputs } = node;
  const { id, readsAncestors } = declared.definition;
  const ancestors = Object.entries(readsAncestors ? inputs : {}).map(
    ([port, { node: source }]) => [port, ancestorsOf(source)] as const,
  );
  return {
    target,
    use: id,
    stage,
    folder,
    options: packed(options),
    seed,
    ancestors: Object.fromEntries(ancestors),
  };
}

/** Resolves when the process has said that its outputs are there, and is gone. */
async function runProcess(
  plugin: IsolatedPlugin,
  job: IsolatedJob,
  context: StageContext,
  folder: string,
): Promise<void> {
  const [program = '', ...args] = isolatedCommand(plugin, folder, 'run');
  const killsBefore = memoryKills();
  const child = spawn(program, args, {
    cwd: folder,
    env: isolatedEnvironment,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const [input, output, errors, words] = child.stdio;
  const release = child.pid === undefined ? () => undefined : addWard(child.pid);
  const kill = () => child.kill('SIGKILL');
  const send = (message: IsolatedJob | ToIsolated) => input!.write(`${JSON.stringify(message)}\n`);
  input!.on('error', () => undefined);
  let lastLines: string[] = [];
  for (const [stream, to] of [
    [output, process.stdout],
    [errors, process.stderr],
  ] as const) {
    stream!.on('data', (bytes: Buffer) => {
      to.write(bytes);
      lastLines = [...lastLines, ...bytes.toString('utf8').split('\n')].slice(-keptLines);
    });
  }
  let end: { readonly done: true } | { readonly error: Error } | undefined;
  const over = (how: typeof end) => {
    end ??= how;
    kill();
  };
  const abort = () => {
    send({ type: 'abort', reason: safeError(context.signal.reason).message });
    setTimeout(kill, graceMilliseconds).unref();
  };
  const take = async (message: FromIsolated) => {
    if (end) return;
    heard(child);
    if (message.type === 'progress') context.progress(message.done, message.total, message.note);
    if (message.type === 'warning') context.warn(message.message);
    if (message.type === 'info') context.info(message.message);
    if (message.type === 'record') context.record(message.event, message.data);
    if (message.type === 'failed') over({ error: toldError(message.error) });
    if (message.type === 'done') over({ done: true });
    if (message.type === 'checkpoint') {
      await context.saveCheckpoint(readValue(plugin, join(folder, privateFiles.checkpoint)));
      send({ type: 'saved' });
    }
  };
  const fail = (error: unknown) => over({ error: safeError(error) });
  // One after the other: nothing is done before a checkpoint is saved.
  let last = Promise.resolve();
  const bad = (what: string) => fail(badAnswer(plugin.target.name, what));
  eachMessage(
    words as NodeJS.ReadableStream,
    (given) => {
      const message = fromIsolatedSchema.safeParse(given);
      if (message.success) last = last.then(() => take(message.data)).catch(fail);
      else bad('a message of no known form.');
    },
    bad,
  );
  heard(child);
  if (context.signal.aborted) abort();
  else context.signal.addEventListener('abort', abort, { once: true });
  send(job);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    await last;
    context.signal.throwIfAborted();
    if (end && 'error' in end) throw end.error;
    if (end) return;
    throw errorFrom(exitFailure({ code, signal, killsBefore, lastLines }).error);
  } finally {
    context.signal.removeEventListener('abort', abort);
    unheard(child);
    release();
    kill();
  }
}

function writeValue(file: string, value: unknown): void {
  writeFileSync(file, '');
  for (const chunk of encode(value).chunks) appendFileSync(file, chunk);
}

/** What a process without rights has written: an ordinary file that is an artefact's, or an error. */
function readValue({ target }: IsolatedPlugin, file: string): unknown {
  try {
    return decode(readOrdinary(file, mostBytes));
  } catch (error) {
    throw badAnswer(target.name, safeError(error).message);
  }
}
