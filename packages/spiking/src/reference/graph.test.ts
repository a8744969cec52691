import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  layerShapes,
  sourcesOf,
  spikingLayers,
  windowOf,
  type Architecture,
  type Layer,
  type LayerShape,
  type Parameters,
  type PoolLayer,
  type Snn,
} from '@privatesnn/core';
import { arbitraryGraphSnn, arbitraryPixels, naiveLayer } from '@privatesnn/testkit';

import { encode } from '../encoder.js';
import { integrateAndFireOf } from '../neuron-checks.js';
import { createReferenceEngine } from './engine.js';

const engine = createReferenceEngine();

const runs = arbitraryGraphSnn({ maxTimeSteps: 6, potentials: true }).chain((snn) =>
  fc.record({
    snn: fc.constant<Snn>(snn),
    pixels: arbitraryPixels(snn.architecture, snn.encoder.range, 1),
    seed: fc.nat(2 ** 32 - 1),
  }),
);

/** Of a gated max-pooling: what each unit has given, and the unit whose gate is open by window. */
interface Gates {
  readonly given: number[];
  readonly open: number[];
}

/** One time-step of a gated max-pooling, window by window. */
function gatedStep(
  layer: PoolLayer,
  { shape: [height, width, channels], values }: { shape: LayerShape; values: ArrayLike<number> },
  [outHeight, outWidth]: LayerShape,
  { given, open }: Gates,
): number[] {
  const { kernel, stride, padding } = windowOf(layer);
  Array.from(values).forEach((value, i) => (given[i] = (given[i] ?? 0) + value));
  const result: number[] = [];
  for (let window = 0; window < outHeight * outWidth * channels; window++) {
    const c = window % channels;
    const row = Math.floor(window / channels / outWidth) * stride[0] - padding[0];
    const column = (Math.floor(window / channels) % outWidth) * stride[1] - padding[2];
    for (let k = 0; k < kernel[0] * kernel[1]; k++) {
      const [y, x] = [row + Math.floor(k / kernel[1]), column + (k % kernel[1])];
      if (y < 0 || x < 0 || y >= height || x >= width) continue;
      const unit = (y * width + x) * channels + c;
      const now = open[window] ?? unit;
      open[window] = given[unit]! > given[now]! ? unit : now;
    }
    result.push(values[open[window]!]!);
  }
  return result;
}

/** One image, neuron by neuron, one time-step after the other: spikes by layer and step, and the summed output. */
function simulated(snn: Snn, pixels: Float32Array, seed: number) {
  const { architecture, parameters, thresholds, gains, initialPotentials, timeSteps } = snn;
  const { leak, reset, firing, initial } = integrateAndFireOf(snn, 'simulate');
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const membranes = new Map<string, number[]>();
  const owed = new Map<string, number[]>();
  const gates = new Map<number, Gates>();
  const raster: Record<string, number[]> = {};
  const potentials = new Array<number>(architecture.classes).fill(0);
  const input = encode(snn.encoder.kind, pixels, { seed, image: 0, timeSteps });
  for (const x of input) {
    const outputs: { shape: LayerShape; values: ArrayLike<number> }[] = [];
    architecture.layers.forEach((layer, index) => {
      const inputs = sources[index]!.map(
        (source) =>
          outputs[source] ?? { shape: [...architecture.inputShape] as LayerShape, values: x },
      );
      const made = naiveLayer(layer, inputs, shapes[index]!, parameters, gains?.[layer.name ?? '']);
      let values = made.map(Math.fround);
      if (layer.kind === 'max-pool' && layer.gated) {
        const state = gates.get(index) ?? { given: [], open: [] };
        gates.set(index, state);
        values = gatedStep(layer, inputs[0]!, shapes[index]!, state);
      }
      if (spiking.has(layer)) {
        const name = layer.name!;
        const threshold = thresholds[name]!;
        const own = initialPotentials?.[name];
        const membrane =
          membranes.get(name) ??
          values.map((_, i) => (own?.[i % shapes[index]![2]] ?? initial) * threshold);
        const debts = owed.get(name) ?? values.map(() => 0);
        membranes.set(name, membrane);
        owed.set(name, debts);
        values = values.map((current, i) => {
          const u = leak * membrane[i]! - debts[i]! + current;
          const fires = firing === 'strict' ? u > threshold : u >= threshold;
          debts[i] = fires && reset === 'delayed-soft' ? threshold : 0;
          membrane[i] = u - (fires && reset === 'soft' ? threshold : 0);
          if (fires && reset === 'hard') membrane[i] = 0;
          return fires ? 1 : 0;
        });
        (raster[name] ??= []).push(...values);
      }
      outputs.push({ shape: shapes[index]!, values });
    });
    Array.from(outputs.at(-1)!.values).forEach((value, i) => (potentials[i]! += value));
  }
  return { potentials: potentials.map(Math.fround), raster };
}

/** The same network with its layers in another order that is topological too. */
function reordered(architecture: Architecture, choice: readonly number[]): Architecture {
  const { layers } = architecture;
  const sources = sourcesOf(architecture);
  const explicit = layers.map((layer, i) => {
    const named = sources[i]!.map((place) => (place < 0 ? 'input' : (layers[place]!.name ?? '')));
    return { ...layer, from: named } as Layer;
  });
  const rest = explicit.slice(0, -1);
  const done = new Set(['input']);
  const result: Layer[] = [];
  for (let k = 0; rest.length > 0; k++) {
    const ready = rest.filter(({ from }) => from!.every((name) => done.has(name)));
    const next = ready[choice[k % choice.length]! % ready.length]!;
    rest.splice(rest.indexOf(next), 1);
    done.add(next.name!);
    result.push(next);
  }
  return { ...architecture, layers: [...result, explicit.at(-1)!] };
}

describe('a spiking network that is a graph', () => {
  it('spikes as its neurons do, one by one', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn, pixels, seed }) => {
        const names = spikingLayers(snn.architecture).map(({ name }) => name);
        const { potentials, raster } = await engine.infer({ snn, pixels, seed, raster: names });
        const expected = simulated(snn, pixels, seed);
        for (const name of names) {
          expect(Array.from(raster[name]!)).toEqual(expected.raster[name]);
        }
        expect(Array.from(potentials)).toEqual(expected.potentials);
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same bits in every topological order', async () => {
    await fc.assert(
      fc.asyncProperty(
        runs,
        fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
        async ({ snn, pixels, seed }, choice) => {
          const architecture = reordered(snn.architecture, choice);
          // Dropout's noise is by place, but it is none here.
          const there = await engine.infer({ snn, pixels, seed });
          const here = await engine.infer({ snn: { ...snn, architecture }, pixels, seed });
          expect(here.potentials).toEqual(there.potentials);
          const byName = (list: readonly { layer: string }[]) =>
            [...list].sort((a, b) => a.layer.localeCompare(b.layer));
          expect(byName(here.activity)).toEqual(byName(there.activity));
          expect(byName(here.operations)).toEqual(byName(there.operations));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does to an add of two equal branches what it does to doubled weights', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn, pixels, seed }) => {
        const { architecture, parameters } = snn;
        const first = architecture.layers.find(
          (layer) => (layer.kind === 'conv' || layer.kind === 'dense') && !layer.linear,
        );
        if (!first || first === architecture.layers.at(-1)) return;
        const twin = `${first.name!} again`;
        const half = `${first.name!} half`;
        const { maximum: _, ...plain } = first as Layer & { maximum?: number };
        const copies = (suffix: string) =>
          Object.fromEntries(
            Object.entries(parameters)
              .filter(([name]) => name.startsWith(`${first.name!}.`))
              .map(([name, value]) => [name.replace(first.name!, suffix), value]),
          );
        const branches: Architecture = {
          ...architecture,
          layers: architecture.layers.flatMap((layer): Layer[] =>
            layer === first
              ? [
                  { ...plain, name: half, linear: true } as Layer,
                  { ...plain, name: twin, linear: true } as Layer,
                  { kind: 'add', name: first.name!, from: [half, twin] },
                ]
              : [layer],
          ),
        };
        const doubled: Parameters = Object.fromEntries(
          Object.entries(parameters).map(([name, { shape, data }]) => [
            name,
            { shape, data: name.startsWith(`${first.name!}.`) ? data.map((w) => 2 * w) : data },
          ]),
        );
        const sum = await engine.infer({
          snn: {
            ...snn,
            architecture: branches,
            parameters: { ...parameters, ...copies(half), ...copies(twin) },
          },
          pixels,
          seed,
        });
        const one = await engine.infer({ snn: { ...snn, parameters: doubled }, pixels, seed });
        expect(sum.potentials).toEqual(one.potentials);
        expect(sum.activity).toEqual(one.activity);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same when a layer is split into channels and put together', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ snn, pixels, seed }) => {
        const { architecture, parameters } = snn;
        const wide = architecture.layers.find(
          (layer) =>
            layer.kind === 'dense' && layer.outputs > 1 && layer !== architecture.layers.at(-1),
        );
        if (wide?.kind !== 'dense') return;
        const cut = 1 + (seed % (wide.outputs - 1));
        const ranges = [
          [0, cut],
          [cut, wide.outputs],
        ] as const;
        const parts = ranges.map(([from, to], i) => ({
          range: [from, to] as const,
          layer: { ...wide, name: `${wide.name} ${i}`, outputs: to - from },
          of: (data: Float32Array) =>
            data.filter((_, k) => k % wide.outputs >= from && k % wide.outputs < to),
        }));
        const split: Record<string, Parameters[string]> = { ...parameters };
        const thresholds: Record<string, number> = { ...snn.thresholds };
        const initialPotentials = { ...snn.initialPotentials } as Record<string, readonly number[]>;
        const starts = initialPotentials[wide.name];
        delete initialPotentials[wide.name];
        delete split[`${wide.name}.weight`];
        delete split[`${wide.name}.bias`];
        delete thresholds[wide.name];
        for (const { layer, of, range } of parts) {
          if (starts) initialPotentials[layer.name] = starts.slice(...range);
          const take = (name: string, shape: number[]) =>
            (split[`${layer.name}.${name}`] = {
              shape,
              data: of(parameters[`${wide.name}.${name}`]!.data),
            });
          take('weight', [wide.inputs, layer.outputs]);
          if (wide.bias) take('bias', [layer.outputs]);
          if (snn.thresholds[wide.name]) thresholds[layer.name] = snn.thresholds[wide.name]!;
        }
        const layers = architecture.layers.flatMap((layer): Layer[] =>
          layer === wide
            ? [
                ...parts.map((part) => part.layer),
                { kind: 'concat', name: wide.name, from: parts.map((part) => part.layer.name) },
              ]
            : [layer],
        );
        const together = {
          ...snn,
          architecture: { ...architecture, layers },
          parameters: split,
          ...{ thresholds, initialPotentials },
        };
        const there = await engine.infer({ snn, pixels, seed });
        const here = await engine.infer({ snn: together, pixels, seed });
        expect(here.potentials).toEqual(there.potentials);
      }),
      { numRuns: 100 },
    );
  });
});
