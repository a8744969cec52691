import type { File, Group } from 'h5wasm';

import { hdf5, isHdf5, nextName } from '../hdf5.js';
import type { NirGraph, NirNode } from './nodes.js';

/** Of the format, as its Python package writes it. */
const formatVersion = '1.0.8';

/** A graph as the bytes of a .nir file (HDF5): datasets only, no attributes. */
export async function nirBytes(graph: NirGraph): Promise<Uint8Array> {
  const { File, FS } = await hdf5();
  const name = nextName();
  withoutTime(() => {
    const file = new File(name, 'w');
    try {
      fill(file, graph);
      file.flush();
    } finally {
      file.close();
    }
  });
  try {
    return FS.readFile(name);
  } finally {
    FS.unlink(name);
  }
}

function fill(file: File, graph: NirGraph): void {
  file.create_dataset({ name: 'version', data: formatVersion });
  const node = file.create_group('node');
  node.create_dataset({ name: 'type', data: 'NIRGraph' });
  node.create_dataset({
    name: 'edges',
    data: graph.edges.flat(),
    shape: [graph.edges.length, 2],
  });
  const metadata = node.create_group('metadata');
  for (const [key, data] of Object.entries(graph.metadata)) {
    metadata.create_dataset({ name: key, data });
  }
  const nodes = node.create_group('nodes');
  for (const [key, value] of Object.entries(graph.nodes)) write(nodes.create_group(key), value);
}

/**
 * HDF5 stamps all it makes with the time, and h5wasm cannot ask it not to; the same graph must give the same bytes. What
 * runs is synchronous, so that nothing else sees the clock stand still.
 */
function withoutTime(work: () => void): void {
  const { now } = Date;
  Date.now = () => 0;
  try {
    work();
  } finally {
    Date.now = now;
  }
}

function write(group: Group, node: NirNode): void {
  for (const [name, value] of Object.entries(node)) {
    if (typeof value === 'string') group.create_dataset({ name, data: value });
    else if (typeof value === 'number') group.create_dataset({ name, data: value, dtype: '<i4' });
    else group.create_dataset({ name, data: value.data, shape: [...value.shape] });
  }
}

/** The metadata of a .nir file by key; undefined where the bytes are none. */
export async function nirMetadata(bytes: Uint8Array): Promise<string[] | undefined> {
  if (!isHdf5(bytes)) return undefined;
  const { File, FS } = await hdf5();
  const name = nextName();
  FS.writeFile(name, bytes);
  let file: InstanceType<typeof File> | undefined;
  try {
    file = new File(name, 'r');
    const metadata = file.get('node/metadata');
    return metadata && 'keys' in metadata ? metadata.keys() : [];
  } catch {
    return undefined;
  } finally {
    file?.close();
    FS.unlink(name);
  }
}
