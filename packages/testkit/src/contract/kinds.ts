import type {
  AnyStage,
  Artefact,
  ArtefactType,
  InputPorts,
  OutputPorts,
  StageKind,
} from '@privatesnn/core';

/** What the stages of one kind must take and give. */
interface KindRule {
  /** Each entry: a required input that takes one of these types. */
  readonly takes: readonly (readonly ArtefactType[])[];
  /** Each entry: an output of this type. */
  readonly gives: readonly ArtefactType[];
  /** Types that outputs may have, where not all may. */
  readonly givesOnly?: readonly ArtefactType[];
  /** Types that inputs may have, where not all may. */
  readonly takesOnly?: readonly ArtefactType[];
  /** How many inputs there are, where it matters. */
  readonly inputs?: number;
}

const rules: Readonly<Record<StageKind, KindRule>> = {
  dataset: { takes: [], gives: ['images'] },
  model: { takes: [], gives: ['ann'] },
  generator: { takes: [['ann']], gives: ['images'] },
  converter: { takes: [['ann'], ['images']], gives: ['snn'] },
  trainer: { takes: [['snn'], ['images']], gives: ['snn'] },
  // An attacker holds the deployed network and nothing else.
  attacker: { takes: [['snn', 'ann']], gives: ['images'], takesOnly: ['snn', 'ann'], inputs: 1 },
  metric: { takes: [], gives: [], givesOnly: ['scalars', 'series', 'pictures'] },
  exporter: { takes: [], gives: [] },
};

/** What is wrong with a stage's ports for its kind, one sentence each. */
export function problemsOfPorts(stage: AnyStage): string[] {
  const rule = rules[stage.kind];
  const inputs = Object.entries(stage.inputs as InputPorts);
  const outputs = Object.entries(stage.outputs as OutputPorts);
  const a = named(stage.kind);
  const problems: string[] = [];
  for (const types of rule.takes) {
    const found = inputs.some(
      ([, port]) => !port.optional && port.types.some((type) => types.includes(type)),
    );
    if (!found) problems.push(`${a} must take ${types.join(' or ')} by a required input.`);
  }
  if (rule.inputs !== undefined && inputs.length !== rule.inputs) {
    problems.push(`${a} must have ${rule.inputs} input, this one has ${inputs.length}.`);
  }
  for (const [name, port] of inputs) {
    if (port.types.length === 0) problems.push(`The input "${name}" takes no type.`);
    if (!port.description) problems.push(`The input "${name}" has no description.`);
    for (const type of port.types) {
      if (rule.takesOnly && !rule.takesOnly.includes(type)) {
        problems.push(`${a} must not take ${type}; the input "${name}" does.`);
      }
    }
  }
  for (const type of rule.gives) {
    if (!outputs.some(([, port]) => port.type === type)) {
      problems.push(`${a} must give ${type}.`);
    }
  }
  for (const [name, port] of outputs) {
    if (!port.description) problems.push(`The output "${name}" has no description.`);
    if (rule.givesOnly && !rule.givesOnly.includes(port.type)) {
      problems.push(`${a} must not give ${port.type}; the output "${name}" does.`);
    }
  }
  return problems;
}

/** What is wrong with a stage's results, one sentence each. */
export function problemsOfResults(
  stage: AnyStage,
  results: Readonly<Record<string, Artefact | undefined>>,
): string[] {
  const problems: string[] = [];
  for (const [name, port] of Object.entries(stage.outputs as OutputPorts)) {
    const result = results[name];
    if (!result || result.type !== port.type) {
      problems.push(
        `The output "${name}" must be ${port.type}, it is ${result?.type ?? 'missing'}.`,
      );
    } else if (result.type === 'images') {
      problems.push(...problemsOfImages(stage, name, result));
    }
  }
  for (const name of Object.keys(results)) {
    if (!(name in stage.outputs)) problems.push(`The output "${name}" is not declared.`);
  }
  return problems;
}

function problemsOfImages(
  stage: AnyStage,
  name: string,
  images: Extract<Artefact, { type: 'images' }>,
): string[] {
  const problems: string[] = [];
  const [count, height, width, channels] = images.shape;
  if (images.pixels.length !== count * height * width * channels) {
    problems.push(`The pixels of "${name}" do not fill its shape ${images.shape.join(' × ')}.`);
  }
  if (images.labels.length !== count) {
    problems.push(`"${name}" has ${images.labels.length} labels for ${count} images.`);
  }
  const [low, high] = images.range;
  if (!images.pixels.every((value) => value >= low && value <= high)) {
    problems.push(`"${name}" has pixels outside its range [${low}, ${high}].`);
  }
  const seesImages = Object.values(stage.inputs as InputPorts).some((port) =>
    port.types.includes('images'),
  );
  const mustBeSynthetic = stage.kind === 'attacker' || (stage.kind === 'generator' && !seesImages);
  if (mustBeSynthetic && images.origin !== 'synthetic') {
    problems.push(
      `${named(stage.kind)} that sees no image gives synthetic ones; "${name}" says real.`,
    );
  }
  return problems;
}

function named(kind: StageKind): string {
  return `${/^[ae]/.test(kind) ? 'An' : 'A'} ${kind}`;
}
