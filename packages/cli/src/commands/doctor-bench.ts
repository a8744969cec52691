import { randomStream, type Snn } from '@privatesnn/core';
import type { RuntimeMeasurement } from '@privatesnn/runtime-tfjs';
import type { SpikingEngine } from '@privatesnn/spiking';

const images = 16;
const timeSteps = 100;
const networks = ['vgg9', 'vgg16'] as const;
const implementations = ['native', 'wasm'] as const;
const precisions = ['float', 'integer'] as const;

/** How fast one engine runs one network on this machine. */
export interface EngineSpeed {
  readonly network: (typeof networks)[number];
  readonly engine: (typeof implementations)[number];
  readonly precision: (typeof precisions)[number];
  readonly imagesPerSecond: number;
}

export interface Speeds {
  readonly engines: readonly EngineSpeed[];
  /** Undefined without TensorFlow: then there is nothing to compare. */
  readonly tensors: RuntimeMeasurement | undefined;
}

/**
 * Measures this machine, half a minute: both tensor runtimes, of which the faster one computes from then on, and the
 * spiking engines on the paper's networks with random weights and balanced thresholds (the activity `conversion` of
 * docs/performance.md), T = 100, on all threads.
 */
export async function measureSpeeds(): Promise<Speeds> {
  const { measureRuntimes } = await import('@privatesnn/runtime-tfjs');
  const { createEngine, engineInfo } = await import('@privatesnn/spiking');
  const tensors = await measureRuntimes();
  const engines: EngineSpeed[] = [];
  const available = engineInfo().filter((info) => info.available);
  for (const network of networks) {
    let material: Awaited<ReturnType<typeof balanced>> | undefined;
    for (const engine of implementations) {
      if (!available.some(({ implementation }) => implementation === engine)) continue;
      const spiking = await createEngine({ implementation: engine });
      material ??= await balanced(spiking, network);
      for (const precision of precisions) {
        const imagesPerSecond = await speed(spiking, material, precision);
        engines.push({ network, engine, precision, imagesPerSecond });
      }
      await spiking.close();
    }
  }
  return { engines, tensors };
}

/** A network with random weights and thresholds balanced on random images. */
async function balanced(engine: SpikingEngine, name: (typeof networks)[number]) {
  const { initialise, vgg } = await import('@privatesnn/plugins-models');
  const random = randomStream(1, 'doctor', name);
  const architecture = vgg(name, { inputShape: [32, 32, 3], classes: 10, dropout: 0 });
  const parameters = initialise(architecture, random);
  const pixels = Float32Array.from(
    { length: images * 32 * 32 * 3 },
    () => 2 * random.uniform() - 1,
  );
  const snn: Omit<Snn, 'thresholds'> = {
    type: 'snn',
    architecture,
    parameters,
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'poisson', range: [-1, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps,
    classNames: Array.from({ length: 10 }, (_, i) => String(i)),
  };
  const few = pixels.subarray(0, 4 * 32 * 32 * 3);
  const { thresholds } = await engine.balanceThresholds({
    ...snn,
    pixels: few,
    seed: 1,
    scale: 0.7,
    percentile: 100,
  });
  return { snn: { ...snn, thresholds }, pixels };
}

/** Images a second, the better of two runs. */
async function speed(
  engine: SpikingEngine,
  { snn, pixels }: { snn: Snn; pixels: Float32Array },
  precision: EngineSpeed['precision'],
): Promise<number> {
  let best = 0;
  for (let run = 0; run < 2; run++) {
    const start = performance.now();
    await engine.infer({ snn, pixels, seed: 1, precision });
    best = Math.max(best, (1000 * images) / (performance.now() - start));
  }
  return best;
}

/** Two tables for people. */
export function speedTables({ engines, tensors }: Speeds): string {
  const slowest = (network: string) =>
    engines.find(
      (one) => one.network === network && one.engine === 'wasm' && one.precision === 'float',
    )!;
  const spiking = [
    ['spiking networks, T = 100', 'images/s', 'WebAssembly, float = 1'],
    ...engines.map(({ network, engine, precision, imagesPerSecond }) => [
      `${network}, ${engine}, ${precision}`,
      imagesPerSecond.toFixed(1),
      `${(imagesPerSecond / slowest(network).imagesPerSecond).toFixed(1)}×`,
    ]),
  ];
  const dense = tensors && [
    ['ANNs, a small VGG, 32 images', 'image gradient (ms)', 'training step (ms)'],
    ...(['embedded', 'tensorflow'] as const).map((id) => [
      id === 'embedded' ? 'embedded engine' : 'TensorFlow',
      tensors[id].imageGradient.toFixed(0),
      tensors[id].trainingStep.toFixed(0),
    ]),
  ];
  return [spiking, ...(dense ? [dense] : [])].map(table).join('\n');
}

function table(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!),
      )
      .join('  '),
  );
  return `${lines.join('\n')}\n`;
}
