import { spawn } from 'node:child_process';

const marker = 'PRIVATESNN_SUPERVISED';
/** From Ctrl-C to the end of a run that does not notice it. */
const patienceMilliseconds = 1200;

interface Message {
  readonly folder?: string;
}

/** Whether this process is a run that another process watches. */
export function isSupervised(): boolean {
  return process.env[marker] === '1' && process.send !== undefined;
}

/**
 * Runs the same command in a child process and watches it. A stage may keep its process busy for longer than
 * Ctrl-C may take; this process is always free to end it. What was computed lies in the cache, so nothing is
 * lost but the work since the last checkpoint.
 *
 * @returns the exit code
 */
export function supervise(argv: readonly string[]): Promise<number> {
  const [, script = ''] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...argv], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [marker]: '1' },
  });
  let folder: string | undefined;
  let closing: Promise<typeof import('./ended-by-signal.js')> | undefined;
  let interrupts = 0;
  let killed = false;
  const kill = () => {
    killed = true;
    child.kill('SIGKILL');
  };
  const interrupt = () => {
    interrupts++;
    if (interrupts > 1) return kill();
    closing = import('./ended-by-signal.js');
    process.stderr.write('\nEnding the run. Press Ctrl-C again to end it at once.\n');
    if (child.connected) child.send('interrupt');
    setTimeout(kill, patienceMilliseconds).unref();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  child.on('message', (message: Message) => {
    folder = message.folder ?? folder;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      if (code !== null) return resolve(code);
      closing ??= import('./ended-by-signal.js');
      resolve(
        closing.then(({ endedBySignal }) =>
          endedBySignal(signal ?? 'SIGKILL', killed || interrupts > 0, folder),
        ),
      );
    });
  });
}

/** In the run's own process: calls back when the watching process asks to end, or is gone. */
export function listenForInterrupt(onInterrupt: () => void): void {
  if (!isSupervised()) {
    process.once('SIGINT', onInterrupt);
    process.once('SIGTERM', onInterrupt);
    return;
  }
  // The terminal sends Ctrl-C to both processes; only the watching one answers it.
  process.on('SIGINT', () => undefined);
  process.on('message', onInterrupt);
  process.on('disconnect', onInterrupt);
}

/** In the run's own process: tells the watching process where the run folder is. */
export function tellSupervisor(message: Message): void {
  if (isSupervised()) process.send!(message);
}
