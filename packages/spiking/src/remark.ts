import type { Snn, StageContext } from '@privatesnn/core';

import type { EngineUse, SpikingEngine } from './engine.js';

/** Warns where the engine has something to say of how it computes a network. */
export function warnOfRemark(
  context: Pick<StageContext, 'warn'>,
  engine: SpikingEngine,
  network: Pick<Snn, 'architecture' | 'encoder'>,
  use: EngineUse,
): void {
  const remark = engine.remark(network, use);
  if (remark !== undefined) context.warn(remark);
}
