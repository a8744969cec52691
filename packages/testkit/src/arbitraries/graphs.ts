import fc, { type Arbitrary } from 'fast-check';

import {
  imageName,
  layerShapes,
  type Architecture,
  type Layer,
  type LayerShape,
} from '@privatesnn/core';

export interface GraphConstraints {
  /** Layers that may occur; all when left out. */
  readonly kinds?: readonly Layer['kind'][];
  /** Whether layers before the last may be linear; true when left out. */
  readonly linear?: boolean;
  /** Whether ReLUs may be clipped; true when left out. */
  readonly maximum?: boolean;
  /** Whether max-poolings may be gated; true when left out. */
  readonly gated?: boolean;
}

const allKinds: readonly Layer['kind'][] = [
  ...(['conv', 'conv', 'dense', 'add', 'add', 'concat', 'average-pool', 'max-pool'] as const),
  ...(['shortcut', 'flatten', 'dropout'] as const),
];

interface Output {
  readonly name: string;
  readonly shape: LayerShape;
}

const side = fc.integer({ min: 1, max: 2 });
const step = fc.record({
  kind: fc.nat(),
  from: fc.nat(),
  other: fc.nat(),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  stride: fc.tuple(side, side),
  dilation: fc.tuple(side, side),
  padding: fc.tuple(fc.nat(1), fc.nat(2), fc.nat(1), fc.nat(1)),
  groups: fc.integer({ min: 1, max: 4 }),
  times: fc.integer({ min: 1, max: 2 }),
  window: fc.tuple(side, side),
  countPadded: fc.option(fc.boolean(), { nil: undefined }),
  bias: fc.boolean(),
  linear: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  maximum: fc.constantFrom(undefined, undefined, undefined, 0.5, 1),
  before: fc.nat(2),
  after: fc.nat(1),
  gated: fc.boolean(),
});

/**
 * Small networks that are any graph: windows, strides, dilations, paddings and groups of any kind, adds and concats
 * of whatever fits, one layer's output taken by several. Sizes of pooling windows are powers of two.
 */
export function arbitraryGraph(constraints: GraphConstraints = {}): Arbitrary<Architecture> {
  const { kinds = allKinds, linear = true, maximum = true, gated = true } = constraints;
  return fc
    .record({
      inputShape: fc.tuple(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
      ),
      steps: fc.array(step, { minLength: 1, maxLength: 7 }),
      classes: fc.integer({ min: 2, max: 3 }),
    })
    .map(({ inputShape, steps, classes }) => {
      const layers: Layer[] = [];
      const outputs: Output[] = [{ name: imageName, shape: inputShape }];
      const idle = new Set<string>();
      const append = (layer: Layer & { name: string }, from: readonly string[]): boolean => {
        const inputs = from.map((name) => outputs.find((output) => output.name === name)!.shape);
        const shape = shapeAlone(layer, inputs);
        if (!shape) return false;
        layers.push({ ...layer, from: [...from] });
        outputs.push({ name: layer.name, shape });
        from.forEach((name) => idle.delete(name));
        idle.add(layer.name);
        return true;
      };
      steps.forEach((drawn, i) => {
        const kind = kinds[drawn.kind % kinds.length]!;
        const source = outputs[drawn.from % outputs.length]!;
        const fitting = outputs.filter(({ shape }) =>
          shape.every(
            (size, axis) => (kind === 'concat' && axis === 2) || size === source.shape[axis],
          ),
        );
        const other = fitting[drawn.other % fitting.length]!;
        const [, , channels] = source.shape;
        const groups = channels % drawn.groups === 0 ? drawn.groups : 1;
        const name = `${kind}${i}`;
        const neurons = {
          ...(linear && drawn.linear ? { linear: true } : {}),
          ...(maximum && drawn.maximum && !(linear && drawn.linear)
            ? { maximum: drawn.maximum }
            : {}),
        };
        const gate = gated && drawn.gated ? { gated: true } : {};
        const { kernel, stride, dilation, padding, bias, window, before, after } = drawn;
        switch (kind) {
          case 'conv':
            append(
              {
                ...{ kind, name, inChannels: channels, outChannels: groups * drawn.times, groups },
                ...{ kernel, stride, dilation, padding, bias, ...neurons },
              },
              [source.name],
            );
            break;
          case 'dense': {
            const inputs = source.shape[0] * source.shape[1] * channels;
            append({ kind, name, inputs, outputs: drawn.groups, bias, ...neurons }, [source.name]);
            break;
          }
          case 'add':
            append({ kind, name, ...neurons }, [source.name, other.name]);
            break;
          case 'concat':
            append({ kind, name }, [source.name, other.name]);
            break;
          case 'average-pool': {
            const { countPadded } = drawn;
            const counted = countPadded === undefined ? {} : { countPadded };
            append({ kind, name, size: window, stride, padding, ...counted }, [source.name]);
            break;
          }
          case 'max-pool':
            append({ kind, name, size: window, stride, padding, ...gate }, [source.name]);
            break;
          case 'shortcut':
            append({ kind, name, stride: stride[0], before, after }, [source.name]);
            break;
          case 'flatten':
            append({ kind, name }, [source.name]);
            break;
          case 'dropout':
            append({ kind, name, rate: 0.5 }, [source.name]);
            break;
        }
      });
      if (layers.length === 0) idle.add(imageName);
      const heads = [...idle].map((name, i) => {
        const [height, width, channels] = outputs.find((output) => output.name === name)!.shape;
        const inputs = height * width * channels;
        const head = `head${i}`;
        append(
          { kind: 'dense', name: head, inputs, outputs: classes, bias: i === 0, linear: true },
          [name],
        );
        return head;
      });
      if (heads.length > 1) append({ kind: 'add', name: 'output' }, heads);
      const architecture: Architecture = { name: 'graph', inputShape, classes, layers };
      layerShapes(architecture);
      return architecture;
    });
}

/** The output shape of one layer; undefined where it does not fit its inputs. */
function shapeAlone(layer: Layer, inputs: readonly LayerShape[]): LayerShape | undefined {
  const [height, width] = inputs[0]!;
  if (layer.kind === 'add') return inputs[0];
  if (layer.kind === 'concat') {
    return [height, width, inputs.reduce((sum, [, , channels]) => sum + channels, 0)];
  }
  try {
    return layerShapes({ name: 'layer', inputShape: inputs[0]!, classes: 1, layers: [layer] })[0];
  } catch {
    return undefined;
  }
}
