import { spawn } from 'node:child_process';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import type { NodeEvent } from '../../contracts/event.js';
import type { ErrorData, NodeFailure, NodeJob, NodeOutcome } from '../../contracts/work.js';
import { errorFrom } from '../../errors/error-data.js';
import { killAll } from '../wards.js';
import { exitFailure, memoryKills } from './exit-status.js';
import type { FromChild, ToChild } from './messages.js';

const keptLines = 20;
/** From the wish that a stage ends to the end of a process that does not hear it, and of one that does. */
const deafMilliseconds = 4000;
const endingMilliseconds = 12_000;
/** For closing services. */
const closingMilliseconds = 5000;
/** For what a process that is gone has written last. */
const drainMilliseconds = 500;

/** A process that does one node at a time. */
export interface Child {
  readonly alive: boolean;
  run(job: NodeJob, emit: (event: NodeEvent) => void, signal: AbortSignal): Promise<NodeOutcome>;
  kill(): void;
  /** Lets it close its services and end. */
  end(): Promise<void>;
}

/**
 * @param command program and arguments
 * @param patience milliseconds of silence after which it counts as stuck
 */
export function startChild(command: readonly string[], patience: number): Child {
  const [program = '', ...args] = command;
  const killsBefore = memoryKills();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, PRIVATESNN_PARENT: String(process.pid) },
  });
  let lines: string[] = [];
  let node: { readonly id: string; readonly emit: (event: NodeEvent) => void } | undefined;
  let hear: ((message: FromChild) => void) | undefined;
  let alive = true;
  let ended: 'silent' | 'interrupted' | undefined;
  let fault: ErrorData | undefined;
  let wards: readonly number[] = [];
  const send = (message: ToChild) => {
    // Where it is gone, its exit tells.
    if (child.connected) child.send(message, () => undefined);
  };
  const kill = (why?: 'silent' | 'interrupted') => {
    ended ??= why;
    child.kill('SIGKILL');
  };
  for (const stream of [child.stdout!, child.stderr!]) {
    eachLine(stream, (text) => {
      lines = [...lines, text].slice(-keptLines);
      if (node) node.emit({ type: 'output', node: node.id, text });
    });
  }
  child.on('message', (message: FromChild) => {
    if (message.type === 'wards') wards = message.pids;
    else hear?.(message);
  });
  const gone = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    const closed = new Promise((done) => child.once('close', done));
    const over = (code: number | null, signal: NodeJS.Signals | null) => {
      alive = false;
      killAll(wards);
      void Promise.race([closed, sleep(drainMilliseconds)]).then(() => resolve({ code, signal }));
    };
    child.once('exit', over);
    child.once('error', (error) => {
      lines = [...lines, error.message];
      over(1, null);
    });
  });

  return {
    get alive() {
      return alive && !child.killed;
    },

    run: (job, emit, signal) =>
      new Promise((resolve) => {
        node = { id: job.node, emit };
        lines = [];
        let silence: NodeJS.Timeout;
        let told = false;
        const timers: NodeJS.Timeout[] = [];
        const listen = () => {
          clearTimeout(silence);
          silence = setTimeout(kill, patience, 'silent');
        };
        const interrupt = () => {
          send({ type: 'interrupt' });
          timers.push(setTimeout(kill, deafMilliseconds, 'interrupted'));
        };
        const settle = (outcome: NodeOutcome) => {
          clearTimeout(silence);
          for (const timer of timers) clearTimeout(timer);
          signal.removeEventListener('abort', interrupt);
          node = hear = undefined;
          resolve(outcome);
        };
        hear = (message) => {
          listen();
          if (message.type === 'event') emit(message.event);
          if (message.type === 'fault') fault = message.error;
          if (message.type === 'outcome') {
            told = true;
            const { outcome } = message;
            void allRead().then(() => settle(withLines(outcome, lines)));
          }
          if (message.type === 'ending') {
            for (const timer of timers.splice(0)) clearTimeout(timer);
            timers.push(setTimeout(kill, endingMilliseconds, 'interrupted'));
          }
        };
        listen();
        send({ type: 'run', job });
        if (signal.aborted) interrupt();
        else signal.addEventListener('abort', interrupt, { once: true });
        void gone.then((exit) => {
          if (told) return;
          const failure: NodeFailure = fault
            ? { status: 'failed', error: fault, lastLines: lines }
            : exitFailure({ ...exit, ended, killsBefore, lastLines: lines });
          settle({ status: 'failed', failure });
        });
      }),

    kill: () => kill('interrupted'),

    async end() {
      let failed: Error | undefined;
      hear = (message) => {
        if (message.type === 'closed' && message.error) failed = errorFrom(message.error);
      };
      send({ type: 'end' });
      const late = setTimeout(kill, closingMilliseconds);
      await gone;
      clearTimeout(late);
      if (failed) throw failed;
    },
  };
}

/**
 * Lets the event loop read what lies in the pipes: what a process wrote before its message may be read after it. One
 * turn ends the reading that goes on, the next one reads what it left.
 */
async function allRead(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

function withLines(outcome: NodeOutcome, lastLines: readonly string[]): NodeOutcome {
  if (outcome.status !== 'failed') return outcome;
  return { status: 'failed', failure: { ...outcome.failure, lastLines } };
}

/** Calls back with each line of a stream, and with what stands after the last one. */
function eachLine(stream: NodeJS.ReadableStream, onLine: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    // A line without an end must not fill the memory.
    if (rest.length > 100_000) {
      parts.push(rest.slice(0, 1000));
      rest = '';
    }
    for (const part of parts) onLine(part.slice(0, 1000));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest.slice(0, 1000));
  });
  stream.on('error', () => undefined);
}
