/** The first bytes of an HDF5 file. */
const signature = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

/** Whether bytes begin as an HDF5 file does.  */
export const isHdf5 = (bytes: Uint8Array) => signature.every((byte, i) => bytes[i] === byte);

/**
 * The library, loaded when a file is written or read: it compiles megabytes of WebAssembly. Its files lie in memory of
 * its own, so that what a file names as another file is not there.
 */
export async function hdf5() {
  const { default: library } = await import('h5wasm');
  const { FS } = await library.ready;
  return { File: library.File, FS };
}

/** Files of the library's own memory. */
let files = 0;

/** A name for a file in the library's memory. */
export const nextName = () => `${files++}.h5`;
