import { expect, test } from 'vitest';

import type { Ann, Images, Plugin, Scalars, Snn } from '@privatesnn/core';
import converters from '@privatesnn/plugins-converters';
import data from '@privatesnn/plugins-data';
import metrics from '@privatesnn/plugins-metrics';
import { fakeContext } from '@privatesnn/testkit';

test('a network with biases converts within a point of its accuracy', async () => {
  const { createTensorRuntime } = await import('@privatesnn/runtime-tfjs');
  const { default: models } = await import('@privatesnn/plugins-models');
  const { createEngine } = await import('@privatesnn/spiking');
  const tensors = await createTensorRuntime({ prefer: 'embedded' });
  const engine = await createEngine({ threads: 1 });
  const run = async <T>(plugin: Plugin, id: string, options: object, inputs: object) => {
    const stage = plugin.stages!.find((candidate) => candidate.id === id)!;
    const services = { engine, tensors, runtime: tensors };
    const instance = stage.create(services, stage.options.parse(options));
    return (await instance.run(fakeContext(), inputs as never)) as T;
  };
  try {
    const { images } = await run<{ images: Images }>(data, 'mnist', { source: 'embedded' }, {});
    const { ann } = await run<{ ann: Ann }>(models, 'pretrained', { model: 'mnist-judge' }, {});
    const options = { timeSteps: 60, samples: 100 };
    const { snn } = await run<{ snn: Snn }>(converters, 'threshold-balancing', options, {
      ann,
      images,
    });
    const accuracyOf = async (network: Ann | Snn) => {
      const result = await run<{ metrics: Scalars }>(metrics, 'accuracy', {}, { network, images });
      return result.metrics.values['accuracy']!;
    };
    expect(await accuracyOf(snn)).toBeGreaterThan((await accuracyOf(ann)) - 0.01);
  } finally {
    await engine.close();
  }
});
