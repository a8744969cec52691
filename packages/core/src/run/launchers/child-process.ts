import { totalmem } from 'node:os';

import type { Launcher } from '../../contracts/launcher.js';
import { failedNode } from '../failed-node.js';
import { startChild, type Child } from './child.js';
import { findFirst } from './find-first.js';
import type { OpenLauncher } from './open.js';
import { threadsHere } from './threads.js';

export interface ChildProcessOptions {
  /** How many work at a time. */
  readonly slots: number;
  /** Program and arguments that start a child, which calls `serveNodes`. */
  readonly command: (run: { readonly folder: string; readonly cache: string }) => readonly string[];
  /** Milliseconds of silence after which a child counts as stuck. */
  readonly patience: number;
}

/**
 * Works in child processes on this machine, each one node at a time and then the next. A child that ends in whatever
 * way fails the node that it worked on, and no other. What the cache has is found here, without a child.
 */
export function childProcesses({ slots, command, patience }: ChildProcessOptions): OpenLauncher {
  return (materials) => {
    const { cache, folder } = materials;
    const children = new Set<Child>();
    const idle: Child[] = [];
    let cancelled = false;
    const takeChild = (): Child => {
      for (let child = idle.pop(); child; child = idle.pop()) if (child.alive) return child;
      const child = startChild(command({ folder, cache: cache.location }), patience);
      children.add(child);
      return child;
    };
    const launcher: Launcher = {
      slots,
      threads: threadsHere(),
      memory: totalmem(),

      async launch(job, emit, signal) {
        if (cancelled) return failedNode('interrupted', signal.reason);
        const child = takeChild();
        const outcome = await child.run(job, emit, signal);
        if (child.alive) idle.push(child);
        else children.delete(child);
        return outcome;
      },

      cancel() {
        cancelled = true;
        for (const child of children) child.kill();
        return Promise.resolve();
      },

      async close() {
        const closing = [...children].filter(({ alive }) => alive).map((child) => child.end());
        const ended = await Promise.allSettled(closing);
        const error = ended.find(({ status }) => status === 'rejected');
        if (error) throw (error as PromiseRejectedResult).reason as Error;
      },
    };
    return findFirst(launcher, materials);
  };
}
