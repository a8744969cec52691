import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Where a writer of the cache runs, so that others can tell whether it is gone. */
export interface Writer {
  /** Digest of host, boot and process namespace: in equal ones a process id means the same process. */
  readonly machine: string;
  readonly pid: number;
  /** When the process started, in the system's ticks; tells a process from a later one of the same id. */
  readonly started: string;
}

let own: Writer | undefined;

/** This process. */
export function thisWriter(): Writer {
  return (own ??= {
    machine: machineDigest(),
    pid: process.pid,
    started: startOf('self') ?? '0',
  });
}

/** A name that no other process, thread or host makes: writer and a random part. */
export function uniqueName(): string {
  const { machine, pid, started } = thisWriter();
  return `${machine}-${pid}-${started}-${randomBytes(8).toString('hex')}`;
}

/** The writer that made a name with `uniqueName`; undefined for other names. */
export function writerOf(name: string): Writer | undefined {
  const found = /([0-9a-f]{12})-(\d+)-(\d+)-[0-9a-f]{16}$/.exec(name);
  return found ? { machine: found[1]!, pid: Number(found[2]), started: found[3]! } : undefined;
}

/** Whether a writer is gone for certain; false for one on another machine, which cannot be asked. */
export function isGone({ machine, pid, started }: Writer): boolean {
  if (machine !== thisWriter().machine) return false;
  if (process.platform === 'linux') return startOf(pid) !== started;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Field 22 of the process's `stat`; the name before it may hold blanks and brackets. A zombie is gone. */
function startOf(pid: number | 'self'): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function machineDigest(): string {
  const read = (what: () => string) => {
    try {
      return what();
    } catch {
      return '';
    }
  };
  const parts = [
    hostname(),
    read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    read(() => readlinkSync('/proc/self/ns/pid')),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}
