import type { Architecture, ChannelStatistics, Layer, Parameter } from '@privatesnn/core';
import { fuses, layerOf } from './layer.js';
import { endWithLogits } from './logits.js';
import { layerNames } from './names.js';
import { refuse } from './refusal.js';
import { type ClipStep, type Feature, type Step, inOrder } from './step.js';

/** A network in core's contract. */
export interface Emitted {
  readonly architecture: Architecture;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly statistics: Readonly<Record<string, ChannelStatistics>>;
  readonly remarks: readonly string[];
  /** What the file makes of the logits at its end, which is left out. */
  readonly end: 'Softmax' | 'LogSoftmax' | undefined;
}

/**
 * Writes joined steps as layers.
 *
 * @param output the network's output, before Softmax was taken off
 * @throws UserError where a non-linearity is none that neurons have, or weights are NaN or infinite
 */
export function emitLayers(output: Feature, input: Step, name: string, file: string): Emitted {
  const remarks: string[] = [];
  let last = output.step;
  let end: Emitted['end'];
  if (last.kind === 'softmax') {
    end = last.node!.op === 'LogSoftmax' ? 'LogSoftmax' : 'Softmax';
    remarks.push(
      `${file}: ${end} at the end is left out: the network gives logits, and the class with the largest is the same.`,
    );
    last = last.inputs[0]!;
  }
  const steps = inOrder(last);
  const consumers = consumersOf(steps);
  const names = layerNames();
  const layers: Layer[] = [];
  const parameters: [string, Parameter][] = [];
  const statistics: [string, ChannelStatistics][] = [];
  /** Names of the layers that stand for the steps. */
  const places = new Map<Step, string>();
  const emit = { file, names, layers, parameters };
  for (const step of steps) {
    if (step.kind === 'input') {
      places.set(step, 'input');
      continue;
    }
    if (step.kind === 'softmax') {
      throw refuse(
        { node: step.node!, file },
        'it stands before the end',
        'Softmax may stand at the end only.',
      );
    }
    const from = step.inputs.map((one) => places.get(one)!);
    if (step.kind === 'clip' && fuses(step, step.inputs[0]!, consumers, last)) {
      places.set(step, places.get(step.inputs[0]!)!);
      continue;
    }
    const next = consumers.get(step) ?? [];
    const clip =
      next.length === 1 && fuses(next[0]!, step, consumers, last)
        ? (next[0] as ClipStep)
        : undefined;
    const made = layerOf(step, clip, from, emit);
    places.set(step, made.name);
    const found = 'statistics' in step ? step.statistics : undefined;
    if (found) statistics.push([made.name, found]);
  }
  endWithLogits(output, last, places.get(last)!, emit);
  const architecture: Architecture = {
    name,
    inputShape: [...input.shape],
    classes: output.step.shape.reduce((product, size) => product * size, 1),
    layers: withoutNeedlessFrom(layers),
  };
  return {
    architecture,
    parameters: Object.fromEntries(parameters),
    statistics: Object.fromEntries(statistics),
    remarks,
    end,
  };
}

function consumersOf(steps: readonly Step[]): ReadonlyMap<Step, readonly Step[]> {
  const consumers = new Map<Step, Step[]>();
  for (const step of steps) {
    for (const input of new Set(step.inputs)) {
      const found = consumers.get(input);
      if (found) found.push(step);
      else consumers.set(input, [step]);
    }
  }
  return consumers;
}

/** A layer takes the one before it where it does not say otherwise. */
function withoutNeedlessFrom(layers: readonly Layer[]): Layer[] {
  return layers.map((layer, at) => {
    const before = at === 0 ? 'input' : layers[at - 1]!.name;
    if (layer.from?.length !== 1 || layer.from[0] !== before) return layer;
    const { from: _, ...rest } = layer;
    return rest;
  });
}
