import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { defineLauncher } from '@privatesnn/core';

import { openRunSide } from './run-side.js';
import { serve } from './serve.js';

export const slots = z
  .int()
  .min(1)
  .max(10_000)
  .default(64)
  .describe(
    'How many stages wait in the folder or are computed at a time: no less than all workers together can do.',
  );

export const folder = defineLauncher({
  kind: 'launcher',
  id: 'folder',
  version: 1,
  summary: "Workers on any machine, which take a run's stages from its folder.",
  options: z.strictObject({ slots }),
  open: (options, materials) =>
    openRunSide(
      options,
      materials,
      `No worker is there. One is started by: privatesnn worker ${materials.folder}`,
    ),
  worker: {
    accepts: (where) => existsSync(join(where, 'manifest.json')),
    serve,
  },
});
