import { describe, expect, it } from 'vitest';

import { checkOutputs, type AnyStage, type Artefact } from '@privatesnn/core';

import { digestOf } from '../digest.js';
import { fakeContext, type FakeContextOptions } from '../fake-context.js';
import { problemsOfOptions } from './options.js';
import { problemsOfPorts } from './ports.js';

/** A value, or what makes it when a test runs. */
type Made<T> = T | (() => T | Promise<T>);

/** What a stage needs to run once; small, so that it runs in well under a second. */
export interface StageFixtures {
  /** Options that make the run small; {} when left out. */
  readonly options?: Made<Readonly<Record<string, unknown>>>;
  /** By name, as the stage declares them; {} when left out. Made anew for every run if given as a function. */
  readonly dependencies?: Made<Readonly<Record<string, unknown>>>;
  /** By name, as the stage declares them; {} when left out. */
  readonly inputs?: Made<Readonly<Record<string, Artefact | undefined>>>;
  /** Ancestors of inputs, the folder of the experiment file. */
  readonly context?: Made<Omit<FakeContextOptions, 'signal' | 'seed'>>;
}

/**
 * Declares the tests that every stage of a kind must pass: strict options with defaults and descriptions,
 * ports that fit the kind, results that fit the ports, the same bytes for the same seed, inputs left as they
 * are, an end when it is aborted. Call it at the top of a test file.
 */
export function runStageContract(stage: AnyStage, fixtures: StageFixtures): void {
  const { kind, id } = stage;

  async function run(signal = new AbortController().signal) {
    const options = stage.options.parse(await make(fixtures.options, {}));
    const instance = stage.create(await make(fixtures.dependencies, {}), options);
    const inputs = await make(fixtures.inputs, {});
    const context = fakeContext({ ...(await make(fixtures.context, {})), seed: 1, signal });
    const before = digestOf(inputs);
    const results = (await instance.run(context, inputs)) as Record<string, Artefact>;
    return { results, inputsChanged: digestOf(inputs) !== before };
  }

  describe(`the contract of the ${kind} "${id}"`, () => {
    it('has a kebab-case id, a whole version from 1 and a summary of one sentence', () => {
      expect(id).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
      expect(Number.isInteger(stage.version) && stage.version >= 1).toBe(true);
      expect(stage.summary.trim()).not.toBe('');
    });

    it('has strict options with defaults and descriptions', () => {
      expect(problemsOfOptions(stage.options)).toEqual([]);
      expect(stage.options.safeParse({}).error).toBeUndefined();
    });

    it('has presets that its options accept', () => {
      for (const preset of Object.values(stage.presets ?? {})) {
        expect(stage.options.safeParse(preset).error).toBeUndefined();
      }
    });

    it('has ports that fit its kind', () => {
      expect(problemsOfPorts(stage)).toEqual([]);
    });

    it('has a check that accepts the options and inputs of this test', async () => {
      const options = stage.options.parse(await make(fixtures.options, {}));
      const inputs = Object.keys(await make(fixtures.inputs, {}));
      expect(stage.check?.(options, new Set(inputs)) ?? []).toEqual([]);
    });

    it('says what it reads, where it has a fingerprint for that', async () => {
      const options = stage.options.parse(await make(fixtures.options, {}));
      const instance = stage.create(await make(fixtures.dependencies, {}), options);
      if (!instance.fingerprint || instance.effectPresent) return;
      for (const { what } of stage.needs!(options)) expect(what).not.toBe('');
    });

    it('gives what it declares, the same bytes for the same seed, and leaves its inputs alone', async () => {
      const first = await run();
      // Also where a field is left out that the type may have: nothing was added, nothing lost.
      expect(checkOutputs(stage, first.results)).toEqual(first.results);
      expect(first.inputsChanged).toBe(false);
      const second = await run();
      expect(digestOf(second.results)).toBe(digestOf(first.results));
    });

    it('rejects when it is aborted', async () => {
      await expect(run(AbortSignal.abort())).rejects.toThrow();
    });
  });
}

async function make<T>(made: Made<T> | undefined, otherwise: T): Promise<T> {
  return typeof made === 'function' ? await (made as () => T | Promise<T>)() : (made ?? otherwise);
}
