import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext, tinyAnn } from '@privatesnn/testkit';
import { beforeAll, describe, expect, test } from 'vitest';

import { dataImpressions } from './data-impressions.js';
import { inception } from './inception.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

// Inception's prior has a gradient of its own, whatever the network.
describe.each([
  ['data-impressions', dataImpressions],
  ['inception', inception],
] as const)('%s', (_, definition) => {
  const make = async (names: readonly string[]) => {
    const context = fakeContext();
    const options = definition.options.parse({ samples: 4, iterations: 5, batchSize: 3 });
    const ann = tinyAnn();
    const zeros = names.map((name) => {
      const { shape, data } = ann.parameters[name]!;
      return [name, { shape, data: new Float32Array(data.length) }] as const;
    });
    const { images } = await definition.create({ runtime }, options as never).run(context, {
      ann: { ...ann, parameters: { ...ann.parameters, ...Object.fromEntries(zeros) } },
    });
    return { images, warnings: context.warnings.join('\n') };
  };

  test.each(Object.keys(tinyAnn().parameters).filter((name) => name.endsWith('.weight')))(
    'of a network whose %s is zero says that there was no gradient',
    async (name) => {
      const { images, warnings } = await make([name]);
      expect([...images.withoutGradient!]).toEqual([1, 1, 1, 1]);
      expect(warnings).toContain('The network gave no gradient to 4 of 4 images');
    },
  );

  test('of a sound network flags nothing', async () => {
    const { images, warnings } = await make([]);
    expect(images.withoutGradient).toBeUndefined();
    expect(warnings).toBe('');
  });
});
