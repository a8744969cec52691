import type { Artefact } from '../contracts/artefacts.js';
import { UserError, type ErrorClass } from '../contracts/error.js';

/** Numbers of one tensor, or of one list, that are NaN or infinite. */
interface NotFinite {
  /** "parameters.conv1.weight" */
  readonly path: string;
  readonly count: number;
  readonly of: number;
  /** The first of them. */
  readonly place: number;
  readonly value: number;
}

/** More places of one output are counted, not named. */
const mostNamed = 4;

/**
 * Refuses an artefact with numbers that are NaN or infinite, wherever it holds any: one such weight makes every
 * result that depends on it meaningless, and comparisons with it come out false without a word.
 *
 * @throws UserError NOT_FINITE, which names the tensors and how many of their numbers are not finite
 */
export function assertFinite(output: string, artefact: Artefact): void {
  const found = [...notFinite(artefact)];
  if (found.length === 0) return;
  const named = found
    .slice(0, mostNamed)
    .map(({ path, count, of, place, value }) =>
      of === 1
        ? `${path} is ${value}`
        : `${path}: ${count.toLocaleString('en')} of ${of.toLocaleString('en')}, the first at ${place} (${value})`,
    );
  if (found.length > mostNamed) named.push(`and ${found.length - mostNamed} more`);
  throw new UserError(
    classOf(artefact),
    'NOT_FINITE',
    `Expected finite numbers, but output "${output}" (${artefact.type}) holds others: ${named.join('; ')}.`,
    { hint: hintOf(artefact) },
  );
}

function* notFinite(value: unknown, path: readonly string[] = []): Generator<NotFinite> {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      yield { path: path.join('.'), count: 1, of: 1, place: 0, value };
    }
  } else if (value instanceof Float32Array || value instanceof Float64Array) {
    // The last part of "parameters.conv1.weight.data" says nothing.
    const name = (path.at(-1) === 'data' ? path.slice(0, -1) : path).join('.');
    yield* notFiniteIn(name, value);
  } else if (
    Array.isArray(value) &&
    value.every((member) => member === null || typeof member !== 'object')
  ) {
    yield* notFiniteIn(path.join('.'), value);
  } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const [key, member] of Object.entries(value)) yield* notFinite(member, [...path, key]);
  }
}

function* notFiniteIn(path: string, values: ArrayLike<unknown>): Generator<NotFinite> {
  let count = 0;
  let place = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number' || Number.isFinite(value)) continue;
    if (place < 0) place = i;
    count++;
  }
  if (count > 0) {
    yield { path, count, of: values.length, place, value: values[place] as number };
  }
}

/** Whose fault it is: of what was read, of the run, or of the code that computes a result. */
function classOf(artefact: Artefact): ErrorClass {
  switch (artefact.type) {
    case 'ann':
      return 'data';
    case 'images':
      return artefact.origin === 'real' ? 'data' : 'run';
    case 'snn':
      return 'run';
    default:
      return 'plugin';
  }
}

function hintOf({ type }: Artefact): string {
  switch (type) {
    case 'ann':
      return 'The file is damaged, or the training that made the network diverged: take another state of it.';
    case 'snn':
      return 'The training diverged: lower the learning rate, or look at the networks and images that the stage took.';
    case 'images':
      return 'Look at the files, or lower the learning rate where images are optimised.';
    default:
      return 'A stage gives null for a value that cannot be computed; tell the author of the plugin.';
  }
}
