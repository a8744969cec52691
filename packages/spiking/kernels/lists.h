// Lists of spikes (conv.h) from other such lists.
#pragma once
#include "info.h"

struct part {
  ref ptr, list;
  int32_t first, channels; // its first channel among those of all; how many, each once where spikes have signs
};

struct join_lists_args {
  ref parts; // struct part, [count], of the same pixels and time-steps
  int32_t count;
  ref ptr, list; // result; `list` has room for the entries of all
  int32_t height, steps, width, channels; // channels of all
  int32_t flat; // whether all pixels become one
  int32_t isSigned; // whether all are of twice the channels: the positive spikes', then the negative ones'
};

// Lists of several, by their channels side by side.
KERNEL(join_lists) {
  const struct join_lists_args c = *a; // a copy that no store can change
  const struct part *parts = AT(struct part, c.parts);
  uint32_t *ptr = AT(uint32_t, c.ptr), *list = AT(uint32_t, c.list), n = 0;
  int32_t rows = c.flat ? 1 : c.height, inner = c.flat ? c.height : 1, signs = c.isSigned ? 2 : 1;
  int32_t pixelChannels = c.flat ? c.channels : signs * c.channels;
  int32_t negative = c.flat ? c.height * c.width * c.channels : c.channels;
  for (int32_t outer = 0; outer < rows; outer++)
    for (int32_t t = 0; t < c.steps; t++) {
      if (c.flat) *ptr++ = n;
      for (int32_t row = outer; row < outer + inner; row++)
        for (int32_t x = 0; x < c.width; x++) {
          if (!c.flat) *ptr++ = n;
          int32_t pixel = c.flat ? row * c.width + x : x;
          for (int32_t i = 0; i < c.count; i++) {
            const uint32_t *at = AT(uint32_t, parts[i].ptr) + ((ptrdiff_t)row * c.steps + t) * (c.width + 1) + x;
            const uint32_t *from = AT(uint32_t, parts[i].list);
            int32_t channels = parts[i].channels, first = x * signs * channels;
            uint32_t shift = (uint32_t)(pixel * pixelChannels + parts[i].first - first);
            uint32_t back = (uint32_t)(first + channels), more = (uint32_t)(negative - channels);
            for (uint32_t k = at[0], end = at[1]; k < end; k++)
              list[n++] = from[k] + shift + (from[k] >= back && c.isSigned ? more : 0);
          }
        }
      *ptr++ = n;
    }
}

struct pool_lists_args {
  ref ptr, list;
  ref pooledPtr, pooledList; // result; `pooledList` has room for all that it gets
  int32_t height, steps, width, channels;
  int32_t outHeight, outWidth, kernelHeight, kernelWidth, strideY, strideX, top, left;
  // A multiple of how many pixels of the image each window has: an entry of one with n is in its list divisor / n times.
  // 0: once.
  int32_t divisor;
};

// Joins the lists of each window's pixels: an entry is in those of all windows that its pixel is in.
KERNEL(pool_lists) {
  const struct pool_lists_args c = *a; // a copy that no store can change
  const uint32_t *ptr = AT(uint32_t, c.ptr), *list = AT(uint32_t, c.list);
  uint32_t *pooledPtr = AT(uint32_t, c.pooledPtr), *pooled = AT(uint32_t, c.pooledList), n = 0;
  for (int32_t oy = 0; oy < c.outHeight; oy++) {
    int32_t y = oy * c.strideY - c.top, up = y < 0 ? 0 : y;
    int32_t down = y + c.kernelHeight < c.height ? y + c.kernelHeight : c.height;
    for (int32_t t = 0; t < c.steps; t++) {
      for (int32_t ox = 0; ox < c.outWidth; ox++) {
        int32_t x = ox * c.strideX - c.left, start = x < 0 ? 0 : x;
        int32_t end = x + c.kernelWidth < c.width ? x + c.kernelWidth : c.width;
        int32_t times = c.divisor ? c.divisor / ((down - up) * (end - start)) : 1;
        *pooledPtr++ = n;
        for (y = up; y < down; y++)
          for (x = start; x < end; x++) {
            const uint32_t *at = ptr + ((ptrdiff_t)y * c.steps + t) * (c.width + 1) + x;
            uint32_t shift = (uint32_t)((ox - x) * c.channels);
            for (uint32_t k = at[0]; k < at[1]; k++)
              for (int32_t i = 0; i < times; i++) pooled[n++] = list[k] + shift;
          }
      }
      *pooledPtr++ = n;
    }
  }
}

struct split_lists_args {
  ref ptr, list; // of all channels
  ref blockPtr;  // result: [blocks][height][steps][width + 1]
  ref blockList; // result: the blocks' entries, x · signs · rows + channel less the block's first
  ref scratch;   // [2 · blocks + 2 · signs · channels]
  int32_t height, steps, width, channels, blocks;
  int32_t groupInputs, groupOutputs; // channels of a group
  int32_t rows;                      // the most channels that a block reads
  int32_t signs; // 2 where lists are of twice the channels: the positive spikes', then the negative ones'
};

// Lists for each block of output channels, of those groups' channels that it has outputs of.
KERNEL(split_lists) {
  const struct split_lists_args c = *a; // a copy that no store can change
  const uint32_t *ptr = AT(uint32_t, c.ptr), *list = AT(uint32_t, c.list);
  // By block: how many entries, then where the next one goes; its first channel. By channel: the blocks that read it.
  int32_t all = c.signs * c.channels, rows = c.signs * c.rows;
  uint32_t *next = AT(uint32_t, c.scratch), *first = next + c.blocks, *from = first + c.blocks, *to = from + all;
  for (int32_t block = 0; block < c.blocks; block++) {
    next[block] = 0;
    first[block] = (uint32_t)(block * BLOCK / c.groupOutputs * c.groupInputs);
  }
  for (int32_t channel = 0; channel < all; channel++) {
    int32_t output = channel % c.channels / c.groupInputs * c.groupOutputs;
    from[channel] = (uint32_t)(output / BLOCK);
    to[channel] = (uint32_t)((output + c.groupOutputs - 1) / BLOCK);
  }
  ptrdiff_t line = c.width + 1, lines = (ptrdiff_t)c.height * c.steps;
  for (ptrdiff_t at = 0; at < lines * line; at += line)
    for (int32_t x = 0; x < c.width; x++)
      for (uint32_t i = ptr[at + x]; i < ptr[at + x + 1]; i++) {
        uint32_t channel = list[i] - (uint32_t)(x * all);
        for (uint32_t block = from[channel]; block <= to[channel]; block++) next[block]++;
      }
  uint32_t before = 0;
  for (int32_t block = 0; block < c.blocks; block++) {
    uint32_t count = next[block];
    next[block] = before;
    before += count;
  }
  uint32_t *blockPtr = AT(uint32_t, c.blockPtr), *blockList = AT(uint32_t, c.blockList);
  for (ptrdiff_t at = 0; at < lines * line; at += line)
    for (int32_t x = 0; x <= c.width; x++) {
      for (int32_t block = 0; block < c.blocks; block++) blockPtr[block * lines * line + at + x] = next[block];
      if (x == c.width) break;
      for (uint32_t i = ptr[at + x]; i < ptr[at + x + 1]; i++) {
        uint32_t channel = list[i] - (uint32_t)(x * all);
        uint32_t back = channel >= (uint32_t)c.channels ? (uint32_t)(c.channels - c.rows) : 0;
        uint32_t entry = (uint32_t)(x * rows) + channel - back;
        for (uint32_t block = from[channel]; block <= to[channel]; block++)
          blockList[next[block]++] = entry - first[block];
      }
    }
}
