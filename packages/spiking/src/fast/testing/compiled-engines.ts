import { engineInfo } from '../../create-engine.js';
import type { KernelKind } from '../kernels.js';

/** The kinds of kernels that this machine can run. */
export const kernelKinds = engineInfo()
  .filter(({ implementation, available }) => available && implementation !== 'reference')
  .map(({ implementation }) => implementation as KernelKind);

/** The engines of them, for `describe.each` with a title of `$implementation`. */
export const compiledEngines = kernelKinds.map((implementation) => ({ implementation }));
