import { z } from 'zod';

import { defineLauncher } from '@privatesnn/core';

import { isEndpoint, queueForm } from './endpoint.js';

export const bullmq = defineLauncher({
  kind: 'launcher',
  id: 'bullmq',
  version: 1,
  summary: 'Workers on any machine, which take the stages of runs from a queue in Redis.',
  source: 'BullMQ (https://bullmq.io)',
  options: z.strictObject({
    url: z
      .string()
      .optional()
      .describe(
        'URL of the Redis server, redis:// or rediss:// (TLS); by default the environment variable PRIVATESNN_REDIS, the place for one with a password.',
      ),
    queue: z
      .string()
      .regex(queueForm)
      .optional()
      .describe(
        'Name of the queue, which all its keys in Redis begin with; by default the one behind "?queue=" in the URL, else "privatesnn". Workers of other queues do not see the run.',
      ),
    ca: z
      .string()
      .optional()
      .describe(
        'File of the certificate (PEM) that signs that of a rediss:// server, where Node does not trust it; by default the environment variable PRIVATESNN_REDIS_CA.',
      ),
    slots: z
      .int()
      .min(1)
      .max(10_000)
      .default(64)
      .describe(
        'How many stages are queued or computed at a time: no less than all workers together can do.',
      ),
    experiment: z
      .string()
      .optional()
      .describe(
        "The experiment's folder on the workers, absolute or from their working directory; by default where it lies from the working directory of the run.",
      ),
  }),
  // BullMQ takes a while to load, and most commands only look at what launchers there are.
  open: async (options, materials) =>
    (await import('./run-side.js')).openRunSide(options, materials),
  worker: {
    accepts: isEndpoint,
    serve: async (where, worker, signal) =>
      (await import('./serve.js')).serve(where, worker, signal),
  },
});
