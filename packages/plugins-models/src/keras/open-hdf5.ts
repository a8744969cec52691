import type { Dataset, File as Hdf5File, Group } from 'h5wasm';

import { UserError } from '@privatesnn/core';

import { hdf5, isHdf5, nextName } from '../hdf5.js';

/** Far more datasets than models have weights. */
const mostDatasets = 200_000;

/** An HDF5 file, open. */
export interface OpenHdf5 {
  /** An attribute that is a text: of the file, or of a group. */
  text(name: string, group?: string): string | undefined;
  /** Paths of the datasets in a group, from there on. */
  datasets(group: string): string[];
  shapeOf(path: string): readonly number[];
  read(path: string): Float32Array;
  close(): void;
}

/**
 * Opens an HDF5 file in memory. Nothing outside of it is read, whatever links it has.
 *
 * @param wrong the error for what is no such file, or damaged
 */
export async function openHdf5(
  bytes: Uint8Array,
  name: string,
  wrong: (problem: string, cause?: unknown) => Error,
): Promise<OpenHdf5> {
  if (!isHdf5(bytes)) throw wrong('its first bytes are not those of HDF5');
  const { File, FS } = await hdf5();
  const path = nextName();
  FS.writeFile(path, bytes);
  let file: Hdf5File;
  try {
    file = new File(path, 'r');
  } catch (cause) {
    FS.unlink(path);
    throw wrong('it cannot be opened', cause);
  }
  const attempt = <T>(what: string, work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      throw wrong(`${what} cannot be read`, cause);
    }
  };
  const dataset = (at: string) => file.get(at) as Dataset;
  return {
    text: (attribute, group = '/') =>
      attempt(`its attribute "${attribute}"`, () => {
        const owner = file.get(group);
        const found = owner && 'attrs' in owner ? owner.attrs[attribute]?.value : undefined;
        return typeof found === 'string' ? found : undefined;
      }),
    datasets: (group) =>
      attempt(`its group "${group}"`, () => {
        const found: string[] = [];
        const open = [''];
        for (const at of open) {
          const here = file.get(`${group}/${at}`) as Group | null;
          if (here === null || !('keys' in here)) continue;
          for (const key of here.keys()) {
            const inner = at === '' ? key : `${at}/${key}`;
            const entry = here.get(key);
            if (entry === null || !('type' in entry)) continue;
            if (entry.type === 'Group') open.push(inner);
            else if (entry.type === 'Dataset') found.push(inner);
            else throw wrong(`"${group}/${inner}" is a link to somewhere else`);
            if (open.length + found.length > mostDatasets) throw wrong('it has too many entries');
          }
        }
        return found;
      }),
    shapeOf: (at) => attempt(`the shape of "${at}"`, () => dataset(at).shape ?? []),
    read: (at) =>
      attempt(`"${at}"`, () => {
        const found = dataset(at);
        const { dtype } = found;
        if (dtype !== '<f' && dtype !== '<d') {
          throw new UserError(
            'data',
            'TENSOR_TYPE',
            `The weight "${at}" of ${name} has the type ${JSON.stringify(dtype)}; float32 was expected.`,
            { hint: 'Save the model again with 32-bit floats.', place: { file: name } },
          );
        }
        const { value } = found;
        return Float32Array.from(typeof value === 'number' ? [value] : (value as Float32Array));
      }),
    close() {
      file.close();
      FS.unlink(path);
    },
  };
}
