import type { Architecture, StageContext } from '@privatesnn/core';

import type { SpikingEngine } from './engine.js';

/** Warns where the engine has something to say of how it computes a network. */
export function warnOfRemark(
  context: Pick<StageContext, 'warn'>,
  engine: SpikingEngine,
  architecture: Architecture,
): void {
  const remark = engine.remark(architecture);
  if (remark !== undefined) context.warn(remark);
}
