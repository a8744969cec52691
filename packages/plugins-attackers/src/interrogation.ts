import { evenPlaces, type Ann, type Snn, type StageContext } from '@privatesnn/core';
import { annForward, annTensors, initialImages, type Tf } from '@privatesnn/runtime-tfjs';
import {
  fitReadout,
  joinArrays,
  warnOfRemark,
  type ReadoutFit,
  type SpikingEngine,
} from '@privatesnn/spiking';

import type { DistilStageOptions } from './distil-options.js';
import { distil } from './distil.js';

/** One query of this many is kept from the distillation, to measure it. */
const heldOut = 10;

/** Images to ask about. */
export interface Queries {
  /** [images, height, width, channels], row-major. */
  readonly pixels: ArrayLike<number>;
  /** What kind of image each is: those kept from the distillation hold every kind in its share. */
  readonly labels: ArrayLike<number>;
}

/** Images with the spiking network's answers to them: its summed potentials, [images, classes]. */
interface Answered {
  readonly pixels: Float32Array;
  readonly potentials: Float32Array;
}

/** Asks a spiking network on chosen images, and teaches an ANN its answers. */
export class Interrogation {
  private readonly asked: Answered[] = [];
  private readonly kept: Answered[] = [];

  constructor(
    private readonly engine: SpikingEngine,
    private readonly tf: Tf,
    private readonly victim: Snn,
    private readonly options: DistilStageOptions,
  ) {}

  private get imageSize(): number {
    return this.victim.architecture.inputShape.reduce((a, b) => a * b, 1);
  }

  /** Random images: one half of independent pixels, one half smooth. */
  noise(context: StageContext): Queries {
    const [height, width, channels] = this.victim.architecture.inputShape;
    const { range } = this.victim.encoder;
    const { queries } = this.options;
    const random = context.random('queries');
    const half = queries >> 1;
    const pixels = new Float32Array(queries * this.imageSize);
    pixels.set(initialImages('input-range', [half, height, width, channels], range, random));
    pixels.set(
      initialImages('smooth', [queries - half, height, width, channels], range, random),
      half * this.imageSize,
    );
    return { pixels, labels: Int32Array.from({ length: queries }, (_, i) => (i < half ? 0 : 1)) };
  }

  /** Runs the spiking network on images and keeps its answers. */
  async ask(context: StageContext, { labels, ...queries }: Queries): Promise<void> {
    const { victim, options } = this;
    warnOfRemark(context, this.engine, victim, 'spikes');
    const pixels = Float32Array.from(queries.pixels);
    const { potentials } = await this.engine.infer({
      snn: victim,
      pixels,
      timeSteps: options.timeSteps || victim.timeSteps,
      seed: context.random('noise').uint32(),
      signal: context.signal,
      onProgress: (done, total) => context.progress(done / 2, total, 'asking the network'),
    });
    const [kept, asked] = split({ pixels, potentials }, labels, this.imageSize, this.classes);
    this.kept.push(kept);
    this.asked.push(asked);
  }

  private get classes(): number {
    return this.victim.architecture.classes;
  }

  /**
   * Trains an ANN to give the answers. Only differences between classes tell: potentials are centred, and scaled to
   * the size that the ANN's own logits have. An ANN stays as it is where the answers are all alike.
   */
  async distil(context: StageContext, ann: Ann): Promise<Ann> {
    const { options, classes, tf } = this;
    const { pixels, potentials } = joined(this.asked);
    const targets = centred(potentials, classes);
    const size = rootMeanSquare(targets);
    if (size === 0) return ann;
    const factor = rootMeanSquare(centred(this.logits(ann, pixels), classes)) / size;
    return distil(
      tf,
      ann,
      { pixels, targets: targets.map((t) => (factor || 1) * t) },
      context.random('distillation'),
      {
        epochs: options.distilEpochs,
        batchSize: options.distilBatchSize,
        learningRate: options.distilLearningRate,
        signal: context.signal,
        onBatch: (done, total, loss) =>
          context.progress(
            (1 + done / total) / 2,
            1,
            `distilling, ${(100 * loss).toFixed(1)} % unexplained`,
          ),
      },
    );
  }

  /** How well an ANN follows the spiking network on the queries that no distillation saw. */
  judge(ann: Ann): ReadoutFit {
    const { pixels, potentials } = joined(this.kept);
    return fitReadout(this.logits(ann, pixels), potentials, this.classes);
  }

  /** Whether the network gave the same answer to every query, as one does that never spikes. */
  get silent(): boolean {
    const { potentials } = joined(this.asked);
    const first = potentials.subarray(0, this.classes);
    return potentials.every((potential, i) => potential === first[i % this.classes]);
  }

  /** How many queries no distillation saw. */
  get judgedOn(): number {
    return this.kept.reduce((sum, { potentials }) => sum + potentials.length / this.classes, 0);
  }

  private logits(ann: Ann, pixels: Float32Array): Float32Array {
    const { tf, imageSize, classes } = this;
    const { architecture, parameters } = ann;
    const count = pixels.length / imageSize;
    const result = new Float32Array(count * classes);
    const tensors = annTensors(tf, parameters);
    for (let start = 0; start < count; start += 100) {
      const end = Math.min(count, start + 100);
      const part = pixels.subarray(start * imageSize, end * imageSize);
      const logits = tf.tidy(() =>
        annForward(
          tf,
          ann,
          tensors,
          tf.tensor4d(part, [end - start, ...architecture.inputShape]),
        ).dataSync(),
      );
      result.set(logits as Float32Array, start * classes);
    }
    tf.dispose(Object.values(tensors));
    return result;
  }
}

/** One image in ten, of every label its share, and the others. */
function split(
  { pixels, potentials }: Answered,
  labels: ArrayLike<number>,
  size: number,
  classes: number,
): [kept: Answered, asked: Answered] {
  const kept = new Set(evenPlaces(labels, Math.ceil(labels.length / heldOut)));
  const numbers = Array.from({ length: potentials.length / classes }, (_, i) => i);
  const chosen = (wanted: (i: number) => boolean): Answered => {
    const images = numbers.filter(wanted);
    return {
      pixels: joinArrays(images.map((i) => pixels.subarray(i * size, (i + 1) * size))),
      potentials: joinArrays(
        images.map((i) => potentials.subarray(i * classes, (i + 1) * classes)),
      ),
    };
  };
  return [chosen((i) => kept.has(i)), chosen((i) => !kept.has(i))];
}

function joined(parts: readonly Answered[]): Answered {
  return {
    pixels: joinArrays(parts.map(({ pixels }) => pixels)),
    potentials: joinArrays(parts.map(({ potentials }) => potentials)),
  };
}

/** Each row less its mean. */
function centred(values: Float32Array, classes: number): Float32Array {
  return values.map((value, i) => {
    const row = values.subarray(i - (i % classes), i - (i % classes) + classes);
    return value - row.reduce((sum, v) => sum + v, 0) / classes;
  });
}

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
}
