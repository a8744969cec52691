// The processes beneath one, and the CPU seconds of each, from /proc (Linux).
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of the system's clock a second. */
const ticks = 100;

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      pid: Number(pid),
      state: fields[0],
      parent: Number(fields[1]),
      started: fields[19],
      cpu: (Number(fields[11]) + Number(fields[12])) / ticks,
    };
  } catch {
    return undefined;
  }
}

/** A process and all beneath it that live, each with its depth: 0 is the process itself. */
export function tree(root) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
    .filter((stat) => stat && stat.state !== 'Z');
  const found = [];
  const visit = (pid, depth) => {
    const own = all.find((stat) => stat.pid === pid);
    if (own) found.push({ ...own, depth });
    for (const stat of all) if (stat.parent === pid) visit(stat.pid, depth + 1);
  };
  visit(root, 0);
  return found;
}

/** Whether a process that `tree` has found still lives: an id may be given to another. */
export function isThere({ pid, started }) {
  const now = statOf(pid);
  return now !== undefined && now.state !== 'Z' && now.started === started;
}

/** Processes with all of some texts in their command line that no such process has started. */
export function roots(...texts) {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const line = commandLine(pid);
      return texts.every((text) => line.includes(text));
    })
    .map(Number);
  return found.filter((pid) => !found.includes(statOf(pid)?.parent));
}

function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
