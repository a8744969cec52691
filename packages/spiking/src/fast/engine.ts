import type { Architecture, Profiler, Snn } from '@privatesnn/core';

import { createReferenceEngine } from '../reference/engine.js';
import type { InRates } from '../units.js';
import { checkBalance, checkGradients, checkInference } from '../checks.js';
import type {
  Balance,
  BalanceRequest,
  EngineUse,
  GradientRequest,
  Gradients,
  Inference,
  InferenceRequest,
  RemarkedNetwork,
  SpikingEngine,
  SweepRequest,
} from '../engine.js';
import { probeStepsOf } from '../offset-spikes.js';
import { balance } from './balance.js';
import { CallingThread } from './calling-thread.js';
import { balanceExtent, gradientExtent, inferenceExtent } from './extents.js';
import {
  architectureBehind,
  frontOf,
  gradientsBehind,
  gradientsWithFront,
  pixelsBehind,
  requestBehind,
  withFront,
} from './front.js';
import { gradients } from './gradients.js';
import { infer } from './infer.js';
import type { KernelKind } from './kernels.js';
import type { NetworkSpec } from './network/network-spec.js';
import { layerParameters, sharedParameters } from './parameters.js';
import { trainingPlan, type TrainingPlan } from './joint.js';
import { beyondKernels, numbersIn, planOf, type Plan } from './plan.js';
import { WorkerPool, type Pool, type WorkerOverrides } from './pool.js';
import { profileRequest } from './profile.js';
import { sweep } from './sweep.js';
import { SharedMemory } from './shared-memory.js';
import { checkSizes, type Extent } from './sizes.js';
import type { WorkerTask } from './worker-failure.js';

/** What a request runs with: the threads, of which `threads` take part, and memory shared with them. */
export interface Crew {
  readonly pool: Pool;
  readonly threads: number;
  readonly memory: SharedMemory;
}

/** The engine on compiled kernels. Requests that come together are done one after the other. */
export class FastEngine implements SpikingEngine {
  private readonly pool: Pool;
  private readonly memory = new SharedMemory();
  private readonly reference = createReferenceEngine();
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param threads worker threads; 0 computes in the calling thread
   * @param profiler is told where the time of requests goes
   */
  constructor(
    readonly id: KernelKind,
    threads: number,
    overrides?: WorkerOverrides,
    private readonly profiler?: Profiler,
  ) {
    this.pool = threads === 0 ? new CallingThread(id) : new WorkerPool(id, threads, overrides);
  }

  get threads(): number {
    return this.pool.size;
  }

  remark(network: RemarkedNetwork, use: EngineUse): string | undefined {
    const { name } = network.architecture;
    const what = beyondEngine(network);
    if (what !== undefined) {
      return (
        `The ${this.id} kernels cannot compute ${what}, which ${name} has: the reference engine computes the whole ` +
        'network, which is slow.'
      );
    }
    if (use === 'spikes' || trainingPlanOf(network)) return undefined;
    return (
      `The ${this.id} kernels have no gradients of networks such as ${name}, with layers without neurons that are not a ` +
      'part of one add, strides that differ, poolings that overlap, or averages or dropout right before an add or a ' +
      'concat: the reference engine computes them, which is slow.'
    );
  }

  async infer(request: InferenceRequest): Promise<Inference> {
    const checked = checkInference(request);
    const { snn, pixels } = request;
    const front = frontOf(snn);
    if (beyondEngine(snn) !== undefined) {
      return this.reference.infer(request);
    }
    if (front) {
      const behind = await this.infer(requestBehind(request, front));
      const { timeSteps } = checked;
      return withFront(front, pixels, { timeSteps, probeSteps: probeStepsOf(snn.neuron) }, behind);
    }
    this.checkSizes(inferenceExtent(request, checked), planOf(snn.architecture), checked.images);
    return this.run(request.signal, checked.images, (crew) => infer(request, checked, crew));
  }

  async balanceThresholds(request: BalanceRequest): Promise<Balance> {
    const checked = checkBalance(request);
    const front = frontOf(request);
    if (beyondEngine(request) !== undefined) {
      return this.reference.balanceThresholds(request);
    }
    if (front) {
      return this.balanceThresholds({
        ...request,
        architecture: front.architecture,
        pixels: pixelsBehind(front, request.pixels),
      });
    }
    this.checkSizes(balanceExtent(request), planOf(request.architecture), checked.images);
    return this.run(request.signal, checked.images, (crew) => balance(request, checked, crew));
  }

  async sweepLayers(request: SweepRequest): Promise<void> {
    const checked = checkInference(request);
    const { snn } = request;
    const front = frontOf(snn);
    if (beyondEngine(snn) !== undefined) {
      return this.reference.sweepLayers(request);
    }
    if (front) return this.sweepLayers({ ...request, ...requestBehind(request, front) });
    this.checkSizes(inferenceExtent(request, checked), planOf(snn.architecture), checked.images);
    return this.run(request.signal, checked.images, (crew) => sweep(request, checked, crew));
  }

  async gradients(request: GradientRequest): Promise<Gradients> {
    const checked = checkGradients(request);
    const training = trainingPlanOf(request.snn);
    if (!training) return this.reference.gradients(request);
    const front = frontOf(request.snn);
    const behind = front ? gradientsBehind(request, front) : request;
    this.checkSizes(gradientExtent(behind, checked), training.plan, checked.images);
    const result = await this.run(request.signal, checked.images, (crew) =>
      gradients(behind, checked, training, crew),
    );
    return front ? gradientsWithFront(front, request, result) : result;
  }

  async close(): Promise<void> {
    this.memory.clear();
    await this.pool.end(new Error('The spiking engine was closed.'));
  }

  private checkSizes(extent: Omit<Extent, 'threads'>, plan: Plan, images: number): void {
    checkSizes(plan, { ...extent, threads: Math.min(this.threads, images) });
  }

  /** Waits for the request before, then works until done or aborted; an aborted crew is sent home at once. */
  private run<T>(
    signal: AbortSignal | undefined,
    images: number,
    work: (crew: Crew) => Promise<T>,
  ): Promise<T> {
    const turn = this.last.then(async () => {
      signal?.throwIfAborted();
      const threads = Math.min(this.threads, images);
      const crew = { pool: this.pool, threads, memory: this.memory };
      const abort = (): void => void this.pool.end(signal?.reason);
      signal?.addEventListener('abort', abort);
      try {
        const { profiler } = this;
        const result = await (profiler
          ? profileRequest(profiler, crew, () => work(crew))
          : work(crew));
        await everyThread(crew, () => ({ task: 'release' }));
        return result;
      } catch (error) {
        // Threads may be in the middle of something: new ones are as good as new.
        await this.pool.end(error);
        throw error;
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

/** What the engine cannot compute of a network; undefined where it can compute all. */
function beyondEngine(network: RemarkedNetwork): string | undefined {
  const behind = architectureBehind(network);
  const beyond = beyondKernels(behind);
  if (beyond !== undefined || network.neuron?.kind !== 'adaptive') return beyond;
  const numbers = numbersIn(behind);
  return numbers && `adaptive neurons behind ${numbers}`;
}

/** A network as training sees it; undefined where the kernels have no gradients of it. */
function trainingPlanOf(network: Pick<Snn, 'architecture' | 'encoder'>): TrainingPlan | undefined {
  const behind = architectureBehind(network);
  if (beyondEngine(network) !== undefined) return undefined;
  const firstLayer = network.architecture.layers.length - behind.layers.length;
  return trainingPlan(planOf(behind, firstLayer));
}

/** Gives each thread a task and waits for all. */
export function everyThread<T>(
  { pool, threads }: Pick<Crew, 'pool' | 'threads'>,
  task: (thread: number) => WorkerTask,
): Promise<T[]> {
  return Promise.all(Array.from({ length: threads }, (_, i) => pool.call<T>(i, task(i))));
}

/** A network for the workers; in integer mode its parameters are left out. */
export function networkSpec(
  architecture: Architecture,
  inRates: InRates,
  rest: Omit<NetworkSpec, 'plan' | 'parameters'>,
): NetworkSpec {
  const plan = planOf(architecture);
  const layers = rest.integers ? [] : plan.layers;
  return {
    ...rest,
    plan,
    parameters: layers.map((layer) =>
      sharedParameters(layerParameters(layer, architecture, inRates)),
    ),
  };
}
