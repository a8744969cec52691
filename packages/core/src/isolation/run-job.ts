import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

import type { AnyService } from '../contracts/plugin.js';
import type { StageContext } from '../contracts/stage.js';
import type { Token } from '../contracts/token.js';
import { decode, encode } from '../cache/codec.js';
import { serviceNotIsolated } from '../errors/templates/isolation.js';
import { undeclaredAncestors } from '../errors/templates/run.js';
import { textOf } from '../errors/thrown.js';
import { randomStream } from '../random/stream.js';
import { checkOutputs } from '../run/artefact-check.js';
import { madeInstance } from '../run/made-instance.js';
import { importPlugin, stageOf } from './answer.js';
import { denied } from './denied.js';
import { privateFiles, type FromIsolated, type IsolatedJob, type ToIsolated } from './messages.js';
import { tell } from './serve.js';
import { unpacked } from './values.js';

const aliveMilliseconds = 5000;
/** Progress is told no more often. */
const progressMilliseconds = 50;

/** In an isolated process: runs the stage of the first line that it reads, and ends when its input does. */
export async function runJob(services: () => Promise<readonly AnyService[]>): Promise<void> {
  const send = (message: FromIsolated) => tell(`${JSON.stringify(message)}\n`);
  let name = '';
  const fail = (error: unknown) => {
    send({ type: 'failed', error: denied(name, error) });
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  setInterval(() => send({ type: 'alive' }), aliveMilliseconds).unref();
  const stop = new AbortController();
  const saving: (() => void)[] = [];
  const lines = createInterface({ input: process.stdin });
  // Whoever started it is gone.
  lines.on('close', () => process.exit(1));
  const job = await new Promise<IsolatedJob>((given) => {
    lines.once('line', (first) => {
      lines.on('line', (line) => {
        const message = JSON.parse(line) as ToIsolated;
        if (message.type === 'saved') saving.shift()?.();
        else stop.abort(new DOMException(message.reason, 'AbortError'));
      });
      given(JSON.parse(first) as IsolatedJob);
    });
  });
  name = job.target.name;
  try {
    const plugin = await importPlugin(job.target);
    const stage = stageOf(plugin, job.use);
    const dependencies = await servicesFor(stage.dependencies, job, await services());
    const instance = madeInstance(stage.create(dependencies, unpacked(job.options)));
    const context = contextOf(job, stage.readsAncestors === true, send, stop.signal, saving);
    const inputs = read(privateFiles.inputs) as never;
    const outputs = checkOutputs(stage, await instance.run(context, inputs));
    write(privateFiles.outputs, outputs);
    send({ type: 'done' });
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}

async function servicesFor(
  dependencies: Readonly<Record<string, Token<unknown>>>,
  { stage, target }: IsolatedJob,
  services: readonly AnyService[],
): Promise<Record<string, unknown>> {
  const made: Record<string, unknown> = {};
  for (const [name, { name: service }] of Object.entries(dependencies)) {
    const isolated = services.find(({ token }) => token.name === service)?.isolated;
    if (!isolated) throw serviceNotIsolated(stage, target.name, service, undefined);
    made[name] = await isolated.create();
  }
  return made;
}

function contextOf(
  { stage, use, seed, ancestors, folder }: IsolatedJob,
  readsAncestors: boolean,
  send: (message: FromIsolated) => void,
  signal: AbortSignal,
  saving: (() => void)[],
): StageContext {
  let last = -Infinity;
  return {
    stage,
    signal,
    random: (name) => randomStream(seed, stage, name),
    progress(done, total, note) {
      const now = performance.now();
      if (now - last < progressMilliseconds && done < total) return;
      last = now;
      send({
        type: 'progress',
        done,
        total,
        ...(note === undefined ? {} : { note: textOf(note) }),
      });
    },
    warn: (message) => send({ type: 'warning', message: textOf(message) }),
    info: (message) => send({ type: 'info', message: textOf(message) }),
    record: (event, data) => send({ type: 'record', event, data: data as never }),
    ancestors(port) {
      if (!readsAncestors) throw undeclaredAncestors(use);
      return ancestors[port] ?? [];
    },
    async saveCheckpoint(state) {
      write(privateFiles.checkpoint, state);
      const saved = new Promise<void>((done) => saving.push(done));
      send({ type: 'checkpoint' });
      await saved;
    },
    loadCheckpoint: () => Promise.resolve(read(privateFiles.checkpoint)),
    resolvePath: (path) => resolve(folder, path),
  };
}

/** What lies in a file of the private folder, which is the working directory; undefined where it is not there. */
function read(name: string): unknown {
  try {
    return decode(readFileSync(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function write(name: string, value: unknown): void {
  writeFileSync(name, '');
  for (const chunk of encode(value).chunks) writeFileSync(name, chunk, { flag: 'a' });
}
