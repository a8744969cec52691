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

/** A provider of a service; created on first use, once a run, and closed when the run ends. */
export interface Service<T = unknown> {
  readonly token: Token<T>;
  create(): Promise<T>;
  /** Identifies what computes: part of the cache key of every stage that depends on the service ("wasm", "native"). */
  identity(instance: T): string;
  close?(instance: T): Promise<void>;
}
