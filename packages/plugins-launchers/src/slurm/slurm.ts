import { z } from 'zod';

import { defineLauncher } from '@privatesnn/core';

import { executeWith, slurmWith } from './commands.js';
import { workerEnvironment } from './environment.js';
import { openRunSide } from './run-side.js';

const word = z.string().min(1);
const variable = z.string().regex(/^[A-Za-z_]\w*$/);

export const slurmOptions = z.strictObject({
  workers: z
    .int()
    .min(1)
    .max(10_000)
    .default(4)
    .describe(
      'How many workers there are at most, each a task of an array; as many are submitted as there is work for.',
    ),
  jobs: z.int().min(1).max(1024).default(1).describe('How many stages each works on at a time.'),
  partition: word.optional().describe('Partition of the workers (--partition).'),
  account: word.optional().describe('Account that they are charged to (--account).'),
  time: word
    .optional()
    .describe(
      "Time limit of each, as sbatch takes it (--time): '12:00:00'. One that has reached it is made up for by another.",
    ),
  followUps: z
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      'How many arrays wait in the queue behind the workers (--dependency), to take over where their time limit ends before the run does.',
    ),
  idle: z
    .int()
    .min(1)
    .max(10_080)
    .default(10)
    .describe(
      'Minutes without work after which a worker ends and gives its place back; where there is work again another is submitted.',
    ),
  memory: word.optional().describe('Memory of each (--mem): 8G.'),
  cpusPerTask: z
    .int()
    .min(1)
    .optional()
    .describe('Processors of each (--cpus-per-task); so many threads its stages share.'),
  nodes: word.optional().describe('Nodes that they may run on (--nodelist).'),
  modules: z
    .array(word)
    .default([])
    .describe('Modules that are loaded on the node, one after the other.'),
  prologue: z
    .string()
    .default('')
    .describe(
      'Lines of bash that are run before each worker, in the working directory of the run.',
    ),
  environment: z
    .record(variable, z.string())
    .default({})
    .describe('Environment variables of the workers. They stand in the job file: no secrets.'),
  pass: z
    .array(variable)
    .default([])
    .describe(
      "Names of variables of this shell that workers get through Slurm, their values standing in no file of the run: AWS_PROFILE. They get PATH, HOME and this program's settings without being named.",
    ),
  arguments: z
    .array(z.string().startsWith('-'))
    .default([])
    .describe('More arguments of sbatch: --qos=long, --constraint=avx512, --exclude=node7.'),
  command: z
    .array(word)
    .min(1)
    .optional()
    .describe(
      'Program and arguments that start privatesnn on the nodes; by default those of the run itself.',
    ),
  slots: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe(
      'How many stages wait or are computed at a time; by default twice what the workers can do.',
    ),
});

export const slurm = defineLauncher({
  kind: 'launcher',
  id: 'slurm',
  version: 1,
  summary: "Workers in job arrays of a Slurm cluster, which take a run's stages from its folder.",
  source: 'Slurm (https://slurm.schedmd.com)',
  options: slurmOptions,
  open: (options, materials) =>
    openRunSide(
      options,
      materials,
      slurmWith(executeWith(workerEnvironment(process.env, options.pass))),
    ),
});
