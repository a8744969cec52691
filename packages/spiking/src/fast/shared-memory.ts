/**
 * Shared buffers of the size of a network's largest layer, used again from one training step to the next: else each
 * would wait for the garbage collector.
 */
export class SharedMemory {
  private spare: Float32Array[] = [];

  /** A buffer of this many floats; its content is undefined. */
  take(length: number): Float32Array {
    const found = this.spare.findIndex((buffer) => buffer.length === length);
    if (found >= 0) return this.spare.splice(found, 1)[0]!;
    // Another network's will not be needed again.
    this.spare = [];
    return new Float32Array(new SharedArrayBuffer(length * 4));
  }

  giveBack(buffers: readonly Float32Array[]): void {
    this.spare.push(...buffers);
  }

  clear(): void {
    this.spare = [];
  }
}
