import type { Ann, ChannelStatistics, Parameter } from '@privatesnn/core';

import type { Safetensors } from './safetensors/read.js';

const tensorsOf = (layer: string) =>
  ({
    mean: `${layer}.batch-norm-mean`,
    variance: `${layer}.batch-norm-variance`,
  }) as const;

/** The member of an ANN, which a network without batch normalisation does not have. */
export function statisticsMember(
  statistics: Readonly<Record<string, ChannelStatistics>>,
): Pick<Ann, 'statistics'> {
  return Object.keys(statistics).length > 0 ? { statistics } : {};
}

/** Statistics as tensors for a file. */
export function statisticsTensors(statistics: Ann['statistics'] = {}): Record<string, Parameter> {
  return Object.fromEntries(
    Object.entries(statistics).flatMap(([layer, { mean, variance }]) => {
      const names = tensorsOf(layer);
      return [
        [names.mean, { shape: [mean.length], data: mean }],
        [names.variance, { shape: [variance.length], data: variance }],
      ];
    }),
  );
}

/** A layer's statistics in a file that `statisticsTensors` went into, and the tensors' names; undefined for none. */
export function readStatistics(
  file: Safetensors,
  layer: string,
): { readonly names: readonly string[]; readonly statistics: ChannelStatistics } | undefined {
  const { mean, variance } = tensorsOf(layer);
  if (!file.shapes.has(mean)) return undefined;
  return {
    names: [mean, variance],
    statistics: { mean: file.read(mean).data, variance: file.read(variance).data },
  };
}
