import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkedProduct, Heap } from './heap.js';
import { loadKernels, loadNative, loadWasm } from './kernels.js';

describe('kernels', () => {
  it('run on WebAssembly everywhere', () => {
    const heap = new Heap(loadWasm());
    expect(heap.run('info', {})).toEqual({ lanes: 4, block: 32 });
  });

  it('fall back to WebAssembly where the native ones are missing', () => {
    let native = true;
    try {
      loadNative();
    } catch {
      native = false;
    }
    expect(loadKernels().kind).toBe(native ? 'native' : 'wasm');
  });

  it('grow their heap and keep its content', () => {
    const heap = new Heap(loadKernels());
    const first = heap.alloc('a', 4);
    heap.i32(first, 1)[0] = 42;
    const big = heap.alloc('b', 50_000_000);
    heap.u8(big, 50_000_000)[49_999_999] = 1;
    expect(heap.i32(first, 1)[0]).toBe(42);
    expect(heap.run('info', {}).block).toBeGreaterThan(0);
  });

  it('leave zero bytes out of kept spikes, and put them back', () => {
    const heap = new Heap(loadKernels());
    const start = heap.top;
    const byte = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(byte, byte, byte, byte, byte, byte, byte, byte)), (words) => {
        const bytes = Uint8Array.from(words.flat());
        heap.release(start);
        const from = heap.alloc('bytes', bytes.length);
        const to = heap.alloc('squeezed', words.length * 9 + 8);
        const back = heap.alloc('back', bytes.length);
        heap.u8(from, bytes.length).set(bytes);
        const { length } = heap.run('squeeze', { from, to, bytes: bytes.length });
        expect(length).toBe(words.length + bytes.filter((b) => b !== 0).length);
        heap.run('expand', { from: to, to: back, bytes: bytes.length });
        expect(heap.u8(back, bytes.length)).toEqual(bytes);
      }),
    );
  });

  it('name what is too large', () => {
    const heap = new Heap(loadWasm());
    expect(() => heap.alloc('the spikes of layer "conv2"', 5e9)).toThrow(
      /the spikes of layer "conv2" needs 5000000000 bytes/,
    );
    expect(() => checkedProduct('layer "fc1"', 2 ** 20, 2 ** 11)).toThrow(/layer "fc1" needs/);
  });
});
