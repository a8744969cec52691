import { backward } from './join-before.js';
import { forward } from './join-after.js';
import { isNonNegative } from './non-negative.js';
import { inOrder, type ClipStep, type Step } from './step.js';

/*
 * Joins steps: batch normalisation and other scales into weights, zero padding into what it is for, clips into the
 * layer before. Whatever cannot be joined exactly stays a step of its own, and becomes a layer.
 */

/**
 * The same network with fewer steps. Weights of the given steps are written to.
 *
 * Two sweeps from the image to the output: the first moves scales and clips back to the weights before them, the second
 * moves the scales that are left on to the weights after them.
 */
export function joinSteps(output: Step): Step {
  return sweep(sweep(output, backward), forward);
}

/**
 * What a step becomes, whose inputs have been joined already.
 *
 * @param isSingle whether nothing but this step takes an input, so that it may be changed
 */
export type Rule = (step: Step, isSingle: (input: Step) => boolean) => Step;

function sweep(output: Step, rule: Rule): Step {
  const steps = inOrder(output);
  const consumers = new Map<Step, number>();
  for (const step of [...steps.flatMap(({ inputs }) => inputs), output]) {
    consumers.set(step, (consumers.get(step) ?? 0) + 1);
  }
  const joined = new Map<Step, Step>();
  const single = new Map<Step, boolean>();
  const clips = new Map<Step, ClipStep[]>();
  for (const step of steps) {
    step.inputs = step.inputs.map((input) => joined.get(input)!);
    let result = rule(step, (input) => single.get(input) ?? false);
    if (result.kind === 'clip') result = sameClip(result, clips);
    isNonNegative(result);
    joined.set(step, result);
    // What something else takes too must not be changed for this one.
    const shared = single.has(result) && !(single.get(result) && step.inputs.includes(result));
    single.set(result, consumers.get(step) === 1 && !shared);
  }
  return joined.get(output)!;
}

/** The clip of that input that is there already, so that a layer has one non-linearity. */
function sameClip(clip: ClipStep, clips: Map<Step, ClipStep[]>): ClipStep {
  const input = clip.inputs[0]!;
  const found = clips.get(input) ?? [];
  const same = found.find(({ low, high }) => low === clip.low && high === clip.high);
  if (same) return same;
  clips.set(input, [...found, clip]);
  return clip;
}
