import type { Ancestor } from '../contracts/stage.js';
import { canonicalJson, sha256 } from './canonical.js';

/** All that a stage's result depends on. */
export interface KeyParts {
  readonly kind: string;
  /** `package/stage`. */
  readonly use: string;
  readonly version: number;
  /** Options after defaults. */
  readonly options: unknown;
  /** Digests of the inputs by port. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly rootSeed: number;
  /** The stage's name in the file, which names its seed streams. */
  readonly stage: string;
  /** Digest of the plugin's code. */
  readonly code: string;
  /** Digest of the code of core that computes. */
  readonly core: string;
  /** Identities of the services that it depends on, by token name. */
  readonly services: Readonly<Record<string, string>>;
  /** Digest of what the stage reads besides its inputs; "" where it reads nothing. */
  readonly fingerprint: string;
  /** That it was computed in a process without rights; left out otherwise. */
  readonly isolated?: true;
  /** The ancestors of every input, by port; only of a stage that reads them. */
  readonly ancestors?: Readonly<Record<string, readonly Ancestor[]>>;
}

/** Raised when the codec or the random streams change: then no earlier result fits. */
const format = 1;

/** The cache key of a stage, which differs as soon as any part does, and the text that it is the SHA-256 of. */
export function stageKey(parts: KeyParts): { readonly key: string; readonly text: string } {
  const text = canonicalJson({ format, ...parts });
  return { key: sha256(text), text };
}

/** Whether a key is that of a text. */
export const isSha256 = (key: string, text: string) => sha256(text) === key;
