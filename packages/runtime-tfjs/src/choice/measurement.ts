import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { writeWhole } from '@privatesnn/core';

import { embeddedIdentity } from '../embedded/backend.js';
import { findTensorFlow, tensorFlowFolder } from '../tensorflow.js';

const times = z.strictObject({
  imageGradient: z.number().positive(),
  trainingStep: z.number().positive(),
});

const measurementSchema = z.strictObject({
  /** What was measured: another processor, other kernels, another TensorFlow ask for another measurement. */
  processor: z.string(),
  kernels: z.string(),
  tensorFlowVersion: z.string(),
  /** Milliseconds a step. */
  embedded: times,
  tensorflow: times,
  /** ISO date. */
  measured: z.string(),
});

/** How long both tensor runtimes took for the same steps on this machine. */
export interface RuntimeMeasurement extends z.output<typeof measurementSchema> {}

/** TensorFlow computes only where it takes at most so much of the embedded engine's time: less is within the noise. */
const worthIt = 0.9;

/** TensorFlow's time as part of the embedded engine's: the geometric mean over both kinds of steps. */
export function relativeTime({ embedded, tensorflow }: RuntimeMeasurement): number {
  return Math.sqrt(
    (tensorflow.imageGradient / embedded.imageGradient) *
      (tensorflow.trainingStep / embedded.trainingStep),
  );
}

export function fasterRuntime(measurement: RuntimeMeasurement): 'tensorflow' | 'embedded' {
  return relativeTime(measurement) <= worthIt ? 'tensorflow' : 'embedded';
}

/** What a measurement on this machine is of; undefined without TensorFlow. */
export function measuredHere():
  Pick<RuntimeMeasurement, 'processor' | 'kernels' | 'tensorFlowVersion'> | undefined {
  const found = findTensorFlow();
  if (!found.present) return undefined;
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    kernels: embeddedIdentity(),
    tensorFlowVersion: found.version,
  };
}

/** The measurement that was kept, if it is of this processor, these kernels and this TensorFlow. */
export function readMeasurement(): RuntimeMeasurement | undefined {
  const [file, here] = [noteFile(), measuredHere()];
  if (!file || !here) return undefined;
  let note: unknown;
  try {
    note = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  const { data } = measurementSchema.safeParse(note);
  if (!data) return undefined;
  const same = (Object.keys(here) as (keyof typeof here)[]).every((key) => data[key] === here[key]);
  return same ? data : undefined;
}

/** Keeps a measurement beside TensorFlow's library, so that it goes when that goes. */
export async function keepMeasurement(measurement: RuntimeMeasurement): Promise<void> {
  await writeWhole(noteFile()!, [Buffer.from(`${JSON.stringify(measurement)}\n`)]);
}

function noteFile(): string | undefined {
  const folder = tensorFlowFolder();
  return folder && join(folder, 'deps', 'measured.json');
}
