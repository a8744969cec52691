import type { Group } from 'h5wasm';

import type { NirGraph, NirNode } from './nodes.js';

/** Of the format, as its Python package writes it. */
const formatVersion = '1.0.8';

/** The first bytes of an HDF5 file. */
const signature = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

/** The library, loaded when a file is written or read: it compiles megabytes of WebAssembly. */
const hdf5 = async () => {
  const { default: library } = await import('h5wasm');
  const { FS } = await library.ready;
  return { File: library.File, FS };
};

/** Files of the library's own memory. */
let files = 0;

/** A graph as the bytes of a .nir file (HDF5): datasets only, no attributes. */
export async function nirBytes(graph: NirGraph): Promise<Uint8Array> {
  const { File, FS } = await hdf5();
  const name = `${files++}.nir`;
  const file = new File(name, 'w');
  try {
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
    file.flush();
  } finally {
    file.close();
  }
  try {
    return FS.readFile(name);
  } finally {
    FS.unlink(name);
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
  // The library tells the terminal of files that are none.
  if (!signature.every((byte, i) => bytes[i] === byte)) return undefined;
  const { File, FS } = await hdf5();
  const name = `${files++}.nir`;
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
