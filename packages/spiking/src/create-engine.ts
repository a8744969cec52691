import { availableParallelism } from 'node:os';

import { UserError, type Profiler, type Service } from '@privatesnn/core';

import { SPIKING_ENGINE, type SpikingEngine } from './engine.js';
import { FastEngine } from './fast/engine.js';
import { loadNative, loadWasm } from './fast/kernels.js';
import { nativeWorks } from './fast/native.js';
import { kernelDigest } from './kernel-digest.js';
import { createReferenceEngine } from './reference/engine.js';
import { threadsAsked } from './threads.js';

export type Implementation = SpikingEngine['id'];

const implementations = ['reference', 'wasm', 'native'] as const;

export interface EngineOptions {
  /** Which one; the environment's PRIVATESNN_ENGINE, else the fastest that loads, when left out. */
  readonly implementation?: Implementation;
  /** Worker threads, 0 to compute in the calling one; the environment's PRIVATESNN_THREADS, else one a processor, when left out. */
  readonly threads?: number;
  /** Is told where the time of compiled kernels goes. */
  readonly profiler?: Profiler | undefined;
}

/** One implementation, and whether it can be used here. */
export interface ImplementationInfo {
  readonly implementation: Implementation;
  readonly available: boolean;
  /** The instructions it uses, or why it cannot be used. */
  readonly detail: string;
}

/**
 * Makes the spiking engine: the native kernels where they load, else the WebAssembly ones.
 *
 * @throws UserError when a chosen implementation does not load, or an option is not valid
 */
export function createEngine(options: EngineOptions = {}): Promise<SpikingEngine> {
  return Promise.resolve().then(() => {
    const threads = threadsOf(options);
    const chosen = options.implementation ?? chosenImplementation();
    if (chosen === 'reference') return createReferenceEngine();
    assertAvailable(chosen);
    return new FastEngine(chosen, threads, {}, options.profiler);
  });
}

function assertAvailable(chosen: Implementation): void {
  const { available, detail } = infoOf(chosen);
  if (available) return;
  throw new UserError(
    'environment',
    'ENGINE_UNAVAILABLE',
    `The ${chosen} spiking engine was asked for, but it does not load: ${detail}`,
    {
      hint:
        chosen === 'native'
          ? 'Build it with a C compiler: npm run setup'
          : 'Choose another with PRIVATESNN_ENGINE.',
    },
  );
}

/** The engine as a service of a run. Results differ in the last bits between instruction sets and builds, so it names both. */
export const engineService: Service<SpikingEngine> = {
  token: SPIKING_ENGINE,
  identity: () => Promise.resolve().then(() => identityOf(chosenImplementation())),
  check: () => {
    threadsAsked();
    const asked = implementationOf(process.env['PRIVATESNN_ENGINE']);
    if (asked) assertAvailable(asked);
  },
  create: (_, { threads, profiler }) => createEngine({ threads, profiler }),
  close: (engine) => engine.close(),
  isolated: {
    identity: () => Promise.resolve().then(() => identityOf('wasm')),
    create: () => createEngine({ implementation: 'wasm', threads: 0 }),
  },
};

/** Which implementations can be used on this machine, the fastest first. */
export function engineInfo(): ImplementationInfo[] {
  return [infoOf('native'), infoOf('wasm'), infoOf('reference')];
}

/** What the environment asks for, else the fastest that loads. */
function chosenImplementation(): Implementation {
  const asked = implementationOf(process.env['PRIVATESNN_ENGINE']);
  return asked ?? (nativeWorks(loadNative) ? 'native' : 'wasm');
}

function identityOf(implementation: Implementation): string {
  if (implementation === 'reference') return implementation;
  const { available, detail } = infoOf(implementation);
  // Where it does not load, creating it tells why.
  if (!available) return `${implementation} missing`;
  const name = implementation === 'native' ? `native ${detail}` : implementation;
  return `${name} ${kernelDigest(implementation, 'kernels')}`;
}

function infoOf(implementation: Implementation): ImplementationInfo {
  if (implementation === 'reference') {
    return { implementation, available: true, detail: 'plain TypeScript' };
  }
  try {
    const { instructions } = implementation === 'native' ? loadNative() : loadWasm();
    return { implementation, available: true, detail: instructions };
  } catch (error) {
    const [line] = (error as Error).message.split('\n');
    return { implementation, available: false, detail: line! };
  }
}

function implementationOf(name: string | undefined): Implementation | undefined {
  if (name === undefined || name === '') return undefined;
  const found = implementations.find((implementation) => implementation === name);
  if (found) return found;
  throw new UserError(
    'configuration',
    'ENGINE_NAME',
    `Expected PRIVATESNN_ENGINE to be ${implementations.join(', ')} or unset, received "${name}".`,
    { hint: 'Leave it unset to take the fastest that loads.' },
  );
}

function threadsOf({ threads }: EngineOptions): number {
  const count = threads ?? threadsAsked() ?? availableParallelism();
  if (Number.isInteger(count) && count >= 0) return count;
  throw new UserError(
    'configuration',
    'ENGINE_THREADS',
    `Expected a whole number of threads from 0, received ${threads}.`,
    { hint: 'Leave it out to take one thread a processor.' },
  );
}
