import { pixelsIn, type Images, type Snn } from '@privatesnn/core';
import type { Inference, LayerActivity, LayerOperations, SpikingEngine } from '@privatesnn/spiking';

export interface SimulationOptions {
  readonly timeSteps: number;
  /** Ascending, 1-based, the last one is T. */
  readonly recordAt: readonly number[];
  /** Images of one call to the engine. */
  readonly batch: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
  /** Layers whose spikes `onBatch` gets to see. */
  readonly raster?: readonly string[];
  /** Called after each call to the engine; `start` is the number of its first image. */
  readonly onBatch?: (start: number, inference: Inference) => void;
}

export interface Simulation {
  /** Scaled by the read-out, [recordAt.length][images, classes]. */
  readonly logits: readonly Float32Array[];
  /** Summed over images, neurons and time-steps; the encoder first. */
  readonly activity: readonly LayerActivity[];
  /** Of the synapses of every weighted layer, summed over images and time-steps. */
  readonly operations: readonly LayerOperations[];
}

/** What the layers of one call did. */
type Counts = Pick<Inference, 'activity' | 'operations'>;

/** Runs all images through a spiking network, some at a time, and adds up what its layers did. */
export async function simulate(
  engine: SpikingEngine,
  snn: Snn,
  images: Images,
  options: SimulationOptions,
): Promise<Simulation> {
  const { timeSteps, recordAt, batch, seed, signal, onProgress, raster, onBatch } = options;
  const count = images.shape[0];
  const { classes } = snn.architecture;
  const points = recordAt.length;
  const logits = recordAt.map(() => new Float32Array(count * classes));
  const parts: Counts[] = [];
  for (let start = 0; start < count; start += batch) {
    signal.throwIfAborted();
    const end = Math.min(count, start + batch);
    const inference = await engine.infer({
      snn,
      pixels: pixelsIn(images, snn.encoder.range, start, end),
      seed,
      firstImage: start,
      timeSteps,
      recordAt,
      signal,
      onProgress: (done) => onProgress(start + done, count),
      ...(raster ? { raster } : {}),
    });
    const { potentials } = inference;
    onBatch?.(start, inference);
    for (let image = 0; image < end - start; image++) {
      for (let point = 0; point < points; point++) {
        const from = (image * points + point) * classes;
        const row = potentials.subarray(from, from + classes).map((u) => u * snn.readout.scale);
        logits[point]!.set(row, (start + image) * classes);
      }
    }
    parts.push({ activity: inference.activity, operations: inference.operations });
    onProgress(end, count);
  }
  return { logits, activity: addActivity(parts), operations: addOperations(parts) };
}

function addActivity(parts: readonly Counts[]): LayerActivity[] {
  return (parts[0]?.activity ?? []).map((first, i) => ({
    ...first,
    spikes: sumOver(parts, ({ activity }) => activity[i]!.spikes),
    ...(first.negative === undefined
      ? {}
      : { negative: sumOver(parts, ({ activity }) => activity[i]!.negative!) }),
  }));
}

function addOperations(parts: readonly Counts[]): LayerOperations[] {
  return (parts[0]?.operations ?? []).map(({ layer }, i) => ({
    layer,
    additions: sumOver(parts, ({ operations }) => operations[i]!.additions),
    multiplications: sumOver(parts, ({ operations }) => operations[i]!.multiplications),
  }));
}

function sumOver<T>(parts: readonly T[], of: (part: T) => number): number {
  return parts.reduce((sum, part) => sum + of(part), 0);
}
