import { UserError } from './error.js';
import type { StageContext } from './stage.js';

/** Whatever tells classes apart: images, an ANN, an SNN. */
export interface Classed {
  readonly type: 'images' | 'ann' | 'snn';
  readonly classNames: readonly string[];
}

/**
 * Checks that labels mean the same classes to all that they meet: a network of [apple, pear] knows nothing of the
 * second class of [pear, plum]. Where one side only numbers its classes, as a network without names does, nothing can
 * be compared, which is told once.
 *
 * @throws UserError CLASS_NAMES naming the first class that differs
 */
export function assertSameClasses(
  context: Pick<StageContext, 'warn'>,
  ...all: readonly Classed[]
): void {
  let told = false;
  for (const [i, one] of all.entries()) {
    for (const other of all.slice(i + 1)) {
      if (one.classNames.join('\n') === other.classNames.join('\n')) continue;
      const [numbered, named] = bare(one) ? [one, other] : [other, one];
      if (!bare(numbered) || bare(named)) throw different(one, other);
      if (told) continue;
      told = true;
      context.warn(
        `The classes of ${nameOf(numbered)} are only numbered, those of ${nameOf(named)} are named ` +
          `(${listed(named.classNames)}): whether they are the same cannot be checked. Give the names (classNames).`,
      );
    }
  }
}

function bare({ classNames }: Classed): boolean {
  return classNames.every((name) => /^\d+$/.test(name));
}

function different(one: Classed, other: Classed): UserError {
  const [a, b] = [one.classNames, other.classNames];
  const place = a.findIndex((name, i) => name !== b[i]);
  const first = place < 0 ? a.length : place;
  const shown = (names: readonly string[]) =>
    first < names.length ? `"${names[first]!}"` : 'not there';
  const reordered = [...a].sort().join('\n') === [...b].sort().join('\n');
  return new UserError(
    'data',
    'CLASS_NAMES',
    `Expected the same classes, but class ${first} of ${nameOf(one)} is ${shown(a)}, and of ${nameOf(other)} ${shown(b)}` +
      `${reordered ? ': the same names in another order' : ''}. They have ${listed(a)} and ${listed(b)}.`,
    {
      hint: reordered
        ? 'Put the classes in one order (classNames of the dataset or of the network).'
        : 'Take the dataset that the network was trained on; if only the spelling differs, give one the names of the other (classNames).',
    },
  );
}

function nameOf({ type }: Classed): string {
  return { images: 'the images', ann: 'the ANN', snn: 'the spiking network' }[type];
}

function listed(names: readonly string[]): string {
  return names.length > 4
    ? `${names.slice(0, 4).join(', ')}, … (${names.length})`
    : names.join(', ');
}
