import { Heap } from '../heap.js';
import type { KernelName, Layouts, Results, Values } from '../kernel-layouts.js';

const guardBytes = 64;
const mark = 0xa5;

/**
 * A heap that notices writes beyond a buffer's end: every buffer is followed by marked bytes, which are looked at
 * after each kernel.
 */
export class GuardedHeap extends Heap {
  /** Where marked bytes begin; made by the first `alloc`, which the constructor of `Heap` calls. */
  declare private guards: number[] | undefined;

  override alloc(what: string, bytes: number): number {
    const at = super.alloc(what, Math.ceil(bytes / 64) * 64 + guardBytes);
    const guard = at + Math.ceil(bytes / 4) * 4;
    this.u8(guard, guardBytes).fill(mark);
    (this.guards ??= []).push(guard);
    return at;
  }

  override release(top: number): void {
    super.release(top);
    this.forget();
  }

  override extend(what: string, at: number, bytes: number): void {
    this.top = at;
    this.forget();
    this.alloc(what, bytes);
  }

  override run<K extends KernelName>(kernel: K, values: Values<Layouts[K]>): Results<Layouts[K]> {
    const result = super.run(kernel, values);
    for (const guard of this.guards ?? []) {
      if (this.u8(guard, guardBytes).some((byte) => byte !== mark)) {
        throw new Error(`Kernel ${kernel} wrote beyond a buffer, at ${guard}.`);
      }
    }
    return result;
  }

  /** Buffers above the top are gone. */
  private forget(): void {
    this.guards = this.guards?.filter((guard) => guard < this.top);
  }
}
