import { spawn } from 'node:child_process';

const marker = 'PRIVATESNN_SUPERVISED';
/** From Ctrl-C to the end of a run that does not say that it has heard, and of one that has. */
const deafMilliseconds = 1500;
const endingMilliseconds = 20_000;

/** What the run's process tells the watching one. */
interface Message {
  /** The run's folder, when it is made. */
  readonly folder?: string;
  /** That it has heard that it shall end. */
  readonly ending?: boolean;
  /** Its exit code, when it is done; whatever ends without a word has failed. */
  readonly done?: number;
}

/** Whether this process is a run that another process watches. */
export function isSupervised(): boolean {
  return process.env[marker] !== undefined && process.send !== undefined;
}

/**
 * Runs the same command in a child process and watches it. A plugin may keep that process busy for longer than
 * Ctrl-C may take; this process is always free to end it. What was computed lies in the cache, so nothing is
 * lost but the work since the last checkpoint.
 *
 * SIGTERM and SIGHUP end the run like Ctrl-C: after the checkpoints that are due. A second one, and SIGQUIT, end it at
 * once.
 *
 * @returns the exit code
 */
export function supervise(argv: readonly string[]): Promise<number> {
  const [, script = ''] = process.argv;
  // As `refuseDebugger` of core, which is not loaded here.
  if (argv.includes('--isolate')) process.on('SIGUSR1', () => undefined);
  const child = spawn(process.execPath, [...process.execArgv, script, ...argv], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [marker]: String(process.pid) },
  });
  let folder: string | undefined;
  let done: number | undefined;
  let closing: Promise<typeof import('./ended.js')> | undefined;
  let asked = false;
  let timer: NodeJS.Timeout | undefined;
  const kill = () => child.kill('SIGKILL');
  const killIn = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(kill, milliseconds);
    timer.unref();
  };
  const now = () => {
    asked = true;
    closing ??= import('./ended.js');
    kill();
  };
  const interrupt = () => {
    if (asked) return now();
    asked = true;
    closing ??= import('./ended.js');
    const what = argv[0] === 'worker' ? 'this worker' : 'the run';
    process.stderr.write(
      `\nEnding ${what} when checkpoints are saved. Press Ctrl-C again to end it at once.\n`,
    );
    if (child.connected) child.send('interrupt', () => undefined);
    killIn(deafMilliseconds);
  };
  const listeners = [
    ['SIGINT', interrupt],
    ['SIGTERM', interrupt],
    ['SIGHUP', interrupt],
    ['SIGQUIT', now],
  ] as const;
  for (const [signal, listener] of listeners) process.on(signal, listener);
  child.on('message', (message: Message) => {
    folder = message.folder ?? folder;
    done = message.done ?? done;
    if (message.ending) killIn(endingMilliseconds);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // After all that it said.
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      for (const [name, listener] of listeners) process.off(name, listener);
      if (done !== undefined && signal === null) return resolve(done);
      closing ??= import('./ended.js');
      resolve(closing.then(({ endedUnsaid }) => endedUnsaid(signal ?? code ?? 0, asked, folder)));
    });
  });
}

/** In the run's own process: calls back when it shall end, or the watching process is gone. */
export async function listenForInterrupt(onInterrupt: () => void): Promise<void> {
  if (!isSupervised()) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onInterrupt);
    return;
  }
  // The watching process itself needs nothing of core, which takes a while to load.
  const { endWithParent } = await import('./with-parent.js');
  endWithParent(Number(process.env[marker]));
  // The terminal sends its signals to all processes; only the watching one answers them.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT'] as const)
    process.on(signal, () => undefined);
  const heard = () => {
    void tellSupervisor({ ending: true });
    onInterrupt();
  };
  process.on('SIGTERM', heard);
  process.on('message', heard);
}

/** In the run's own process: tells the watching process; resolves when that is sent. */
export function tellSupervisor(message: Message): Promise<void> {
  return new Promise((sent) => {
    if (!isSupervised() || !process.connected) return sent();
    process.send!(message, undefined, undefined, () => sent());
  });
}
