import type { Origin } from './step.js';

/** Gives layers names of their own: of their weights, of their nodes. */
export interface LayerNames {
  /** Of a layer with weights: "layer1.0.conv1" for the weights "layer1.0.conv1.weight". */
  weighted(weights: string, node: Origin): string;
  /** Of a layer without weights of the file. */
  plain(node: Origin): string;
  /** This name, or one like it that is free. */
  free(name: string): string;
}

/** Names that exporters make up: "onnx::Conv_123", "val_7", "12". */
const madeUp = /^onnx::|^val_\d+$|^[a-z]?\d+$/;
/** Names of parameters, which are longer than their layers', have a limit. */
const longest = 200;

export function layerNames(): LayerNames {
  const taken = new Set(['input']);
  const free = (wanted: string) => {
    const name = wanted.slice(0, longest);
    let found = name;
    for (let n = 2; taken.has(found); n++) found = `${name}_${n}`;
    taken.add(found);
    return found;
  };
  const plain = (node: Origin) => free(node.name || `${node.op}_${node.outputs[0] ?? ''}`);
  return {
    free,
    plain,
    weighted(weights, node) {
      const name = weights.replace(/[._/]?(weight|kernel)(:0)?$/i, '');
      return name === '' || madeUp.test(weights) ? plain(node) : free(name);
    },
  };
}
