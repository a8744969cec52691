import type { Profiler } from './profile.js';

/** Names a service that stages depend on: the tensor runtime, the spiking engine. `T` is what it resolves to. */
export interface Token<T> {
  readonly name: string;
  readonly description: string;
  /** Never set; carries the type. */
  readonly type?: T;
}

export function token<T>(name: string, description: string): Token<T> {
  return { name, description };
}

/** What a service may use. */
export interface ServiceResources {
  /** How many threads. */
  readonly threads: number;
  /** Takes where its time goes; left out where nobody wants to know. */
  readonly profiler?: Profiler;
}

export type Dependencies = Readonly<Record<string, Token<unknown>>>;
export type Resolved<D extends Dependencies> = {
  readonly [K in keyof D]: D[K] extends Token<infer T> ? T : never;
};

/** A provider of a service; created when a stage first needs it, once a run, and closed when the run ends. */
export interface Service<T = unknown, D extends Dependencies = Dependencies> {
  readonly token: Token<T>;
  /** Other services that it is built on; none when left out. */
  readonly dependencies?: D;
  /**
   * Identifies what computes: part of the cache key of every stage that depends on the service ("wasm",
   * "native avx512"). Asked before `create`, and without it where every result comes from the cache, so it must
   * be cheap: no worker is started, no tensor library loaded.
   */
  identity(): Promise<string>;
  /**
   * Throws a UserError where the environment asks for what cannot be given. Called before a run whose stages need the
   * service; cheap.
   */
  check?(): void;
  create(dependencies: Resolved<D>, resources: ServiceResources): Promise<T>;
  close?(instance: T): Promise<void>;
  /**
   * The service for stages that run isolated: it computes in the calling thread, without native code, and depends on no
   * other service. Left out where that cannot be.
   */
  readonly isolated?: {
    identity(): Promise<string>;
    create(): Promise<T>;
  };
}
