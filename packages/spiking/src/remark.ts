import type { StageContext } from '@privatesnn/core';

import type { EngineUse, RemarkedNetwork, SpikingEngine } from './engine.js';

/** Warns where the engine has something to say of how it computes a network. */
export function warnOfRemark(
  context: Pick<StageContext, 'warn'>,
  engine: SpikingEngine,
  network: RemarkedNetwork,
  use: EngineUse,
): void {
  const remark = engine.remark(network, use);
  if (remark !== undefined) context.warn(remark);
}
