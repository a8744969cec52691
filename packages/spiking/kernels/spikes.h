// Spikes between layers: bits, [height][steps][width][words] with 32 channels a word, and sorted lists (conv.h).
#pragma once
#include "info.h"
#include "noise.h"

enum { ENCODE_POISSON, ENCODE_FIRST_SPIKE };

struct encode_args {
  ref pixels;  // [images][height][width][channels], floats
  ref keep;    // bytes [images][height · width · channels]: 0 where dropout removes the pixel; 0 for none
  ref scratch; // [2 + images][height · width · channels], 32 bits
  ref ptr, list; // result; `list` has room for every pixel at every step
  int32_t kind, images, timeSteps, height, width, channels, pool, flat;
  uint32_t seed, image; // the first image's number; the next ones have the next
  int32_t spikes; // result: spikes before pooling and dropout
};

// Images as spike lists of twice their channels: the positive spikes', then the negative ones'. The lists of
// pool × pool pixels are joined; `flat` makes all pixels one.
KERNEL(encode) {
  int32_t units = a->height * a->width * a->channels, pool = a->pool, channels = a->channels;
  int32_t height = a->height / pool, width = a->width / pool;
  // For each unit: the hash; whether it spikes now; and of each image below which number it spikes, or at which
  // time-step.
  uint32_t *hash = AT(uint32_t, a->scratch), *spiking = hash + units, *codes = spiking + units;
  for (int32_t i = 0; i < units; i++) hash[i] = unit_hash((uint32_t)i);
  for (ptrdiff_t i = 0; i < (ptrdiff_t)a->images * units; i++) {
    float pixel = AT(float, a->pixels)[i];
    double x = pixel < 0 ? -pixel : pixel;
    if (!(x < 1)) x = x >= 1 ? 1 : 0;
    codes[i] = a->kind == ENCODE_POISSON ? (uint32_t)(x * 16777216 + 0.5)
               : x > 0                   ? (uint32_t)((1 - x) * a->timeSteps)
                                         : (uint32_t)a->timeSteps;
  }
  uint32_t *ptr = AT(uint32_t, a->ptr), *list = AT(uint32_t, a->list), n = 0;
  int32_t spikes = 0, rows = a->flat ? 1 : height, inner = a->flat ? height : 1;
  int32_t negative = a->flat ? height * width * channels : channels;
  for (int32_t outer = 0; outer < rows; outer++)
    for (int32_t step = 0; step < a->images * a->timeSteps; step++) {
      int32_t image = step / a->timeSteps, t = step % a->timeSteps;
      const float *pixels = AT(float, a->pixels) + (ptrdiff_t)image * units;
      const uint8_t *kept = AT(uint8_t, a->keep) + (ptrdiff_t)image * units;
      const uint32_t *code = codes + (ptrdiff_t)image * units;
      uint32_t key = noise_key(a->seed, a->image + (uint32_t)image, (uint32_t)t);
      int32_t rowUnits = pool * a->width * channels, start = outer * rowUnits, end = start + inner * rowUnits;
      if (a->kind == ENCODE_POISSON)
        for (int32_t i = start; i < end; i++) spiking[i] = uniform24(key, hash[i]) < code[i];
      else
        for (int32_t i = start; i < end; i++) spiking[i] = code[i] == (uint32_t)t;
      if (a->flat) *ptr++ = n;
      for (int32_t row = outer; row < outer + inner; row++)
        for (int32_t column = 0; column < width; column++) {
          int32_t pixel = row * width + column;
          int32_t first = a->flat ? pixel * channels : column * 2 * channels;
          if (!a->flat) *ptr++ = n;
          for (int32_t dy = 0; dy < pool; dy++)
            for (int32_t dx = 0; dx < pool; dx++) {
              int32_t unit = ((row * pool + dy) * a->width + column * pool + dx) * channels;
              for (int32_t c = 0; c < channels; c++, unit++) {
                list[n] = (uint32_t)(first + c + (pixels[unit] < 0 ? negative : 0));
                n += spiking[unit] & (uint32_t)(!a->keep || kept[unit]);
                spikes += (int32_t)spiking[unit];
              }
            }
        }
      *ptr++ = n;
    }
  a->spikes = spikes;
}

struct count_args {
  ref bits;
  int32_t words;
  uint32_t spikes; // result
};

KERNEL(count) {
  const uint32_t *bits = AT(uint32_t, a->bits);
  uint32_t n = 0;
  int32_t i = 0, words = a->words;
  // Two words at once: a population count takes as long for 64 bits as for 32.
  for (; i + 2 <= words; i += 2)
    n += (uint32_t)__builtin_popcountll(bits[i] | (uint64_t)bits[i + 1] << 32);
  for (; i < words; i++) n += (uint32_t)__builtin_popcount(bits[i]);
  a->spikes = n;
}

// Writes the places of a word's bits, plus `first`, from `list` on, without a branch for each bit (there is none to
// foresee), and up to 16 entries too many. Mostly there are few bits: half a vector is written for each half of the
// word, as whole ones would nearly all cross a cache line.
#if defined(__AVX512F__)
INLINE uint32_t write_places(uint32_t *list, uint32_t word, uint32_t first) {
  __m512i numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  __m512i low = _mm512_add_epi32(numbers, _mm512_set1_epi32((int)first));
  __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(16));
  uint32_t n = (uint32_t)__builtin_popcount(word & 0xffff), count = (uint32_t)__builtin_popcount(word);
  low = _mm512_maskz_compress_epi32((__mmask16)word, low);
  high = _mm512_maskz_compress_epi32((__mmask16)(word >> 16), high);
  if (__builtin_expect(count <= 8, 1)) {
    _mm256_storeu_si256((__m256i *)list, _mm512_castsi512_si256(low));
    _mm256_storeu_si256((__m256i *)(list + n), _mm512_castsi512_si256(high));
  } else {
    _mm512_storeu_si512(list, low);
    _mm512_storeu_si512(list + n, high);
  }
  return count;
}
#else
INLINE uint32_t write_places(uint32_t *list, uint32_t word, uint32_t first) {
  uint32_t count = (uint32_t)__builtin_popcount(word);
  // Mostly there are no more than four.
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++, word &= word - 1) list[i] = first + (uint32_t)__builtin_ctz(word | 1u << 31);
  for (uint32_t i = 4; i < count; i++, word &= word - 1) list[i] = first + (uint32_t)__builtin_ctz(word);
  return count;
}
#endif

struct compress_args {
  ref bits;      // [height][steps][width][words]; where isSigned, such a map of positive spikes, then one of negative ones
  ref mask;      // bits [height][width][words] that stay; 0 for all; not where isSigned
  ref ptr, list; // result; `list` has room for all spikes and 16 more
  int32_t steps, height, width, channels, words, pool, flat, isSigned;
};

// `isSigned` is a constant.
INLINE void compress_with(HEAP_PARAM const struct compress_args c, int isSigned) {
  int32_t pool = c.pool;
  const uint32_t *bits = AT(uint32_t, c.bits), *mask = AT(uint32_t, c.mask);
  uint32_t *ptr = AT(uint32_t, c.ptr), *list = AT(uint32_t, c.list), n = 0;
  int32_t height = c.height / pool, width = c.width / pool;
  int32_t rows = c.flat ? 1 : height, inner = c.flat ? height : 1;
  ptrdiff_t rowWords = (ptrdiff_t)c.width * c.words;
  // Of negative spikes: their map, and what their entries have more than those of positive ones.
  const uint32_t *back = bits + (ptrdiff_t)c.height * c.steps * rowWords;
  int32_t channels = isSigned && !c.flat ? 2 * c.channels : c.channels;
  uint32_t negative = (uint32_t)(c.flat ? height * width * c.channels : c.channels);
  for (int32_t outer = 0; outer < rows; outer++)
    for (int32_t t = 0; t < c.steps; t++) {
      if (c.flat) *ptr++ = n;
      for (int32_t row = outer; row < outer + inner; row++) {
        const uint32_t *pixel = bits + ((ptrdiff_t)row * pool * c.steps + t) * rowWords;
        const uint32_t *kept = mask + (ptrdiff_t)row * pool * rowWords;
        uint32_t first = c.flat ? (uint32_t)(row * width * c.channels) : 0;
        for (int32_t column = 0; column < width; column++) {
          if (!c.flat) *ptr++ = n;
          for (int32_t dy = 0; dy < pool; dy++) {
            const uint32_t *word = pixel + dy * c.steps * rowWords, *stays = kept + dy * rowWords;
            for (int32_t dx = 0; dx < pool; dx++, word += c.words, stays += c.words)
              for (int32_t w = 0; w < c.words; w++)
                n += write_places(list + n, c.mask ? word[w] & stays[w] : word[w], first + 32 * (uint32_t)w);
            if (!isSigned) continue;
            word = back + (pixel - bits) + dy * c.steps * rowWords;
            for (int32_t dx = 0; dx < pool; dx++, word += c.words)
              for (int32_t w = 0; w < c.words; w++)
                n += write_places(list + n, word[w], first + negative + 32 * (uint32_t)w);
          }
          pixel += pool * c.words;
          kept += pool * c.words;
          first += (uint32_t)channels;
        }
      }
      *ptr++ = n;
    }
}

static __attribute__((noinline)) void compress_signed(HEAP_PARAM const struct compress_args c) {
  compress_with(HEAP_ARG c, 1);
}

// Bits to lists, of twice the channels where isSigned: the positive spikes', then the negative ones'. The lists of
// pool × pool pixels are joined: the next weights hold the mean's factor. `flat` makes all pixels one.
KERNEL(compress) {
  // A copy that no store can change.
  if (a->isSigned)
    compress_signed(HEAP_ARG *a);
  else
    compress_with(HEAP_ARG *a, 0);
}

struct max_pool_args {
  ref bits; // [height][steps][width][words]
  ref mask; // as for compress
  ref result; // bits of the pooled pixels, [outHeight][steps][outWidth][words]; 0 for none
  // Result: one bit a unit and step, for the first unit of a window, row by row, that has the window's largest
  // value, [height][steps][width][words]; 0 for none. Dropped units have no bit. For windows that share no pixel.
  ref winners;
  int32_t steps, height, width, words;
  int32_t outHeight, outWidth, kernelHeight, kernelWidth, strideY, strideX, top, left;
};

// Max-pooling of spikes: a window spikes where any of its units does. What lies beyond the border does not count.
KERNEL(max_pool) {
  const struct max_pool_args c = *a; // a copy that no store can change
  const uint32_t *bits = AT(uint32_t, c.bits), *mask = AT(uint32_t, c.mask);
  uint32_t *result = AT(uint32_t, c.result), *winners = AT(uint32_t, c.winners);
  if (c.winners) {
    ptrdiff_t all = (ptrdiff_t)c.height * c.steps * c.width * c.words;
    for (ptrdiff_t i = 0; i < all; i++) winners[i] = 0;
  }
  for (ptrdiff_t row = 0; row < c.outHeight; row++) {
    ptrdiff_t y = row * c.strideY - c.top, up = y < 0 ? 0 : y;
    ptrdiff_t down = y + c.kernelHeight < c.height ? y + c.kernelHeight : c.height;
    for (int32_t t = 0; t < c.steps; t++)
      for (ptrdiff_t column = 0; column < c.outWidth; column++) {
        ptrdiff_t x = column * c.strideX - c.left, start = x < 0 ? 0 : x;
        ptrdiff_t end = x + c.kernelWidth < c.width ? x + c.kernelWidth : c.width;
        for (int32_t w = 0; w < c.words; w++) {
          uint32_t any = 0;
          for (y = up; y < down; y++)
            for (x = start; x < end; x++) {
              ptrdiff_t at = ((y * c.steps + t) * c.width + x) * c.words + w;
              uint32_t stays = c.mask ? mask[(y * c.width + x) * c.words + w] : ~0u;
              if (c.winners) winners[at] = bits[at] & stays & ~any;
              any |= bits[at] & stays;
            }
          if (c.result) result[((row * c.steps + t) * c.outWidth + column) * c.words + w] = any;
          if (c.winners) {
            uint32_t stays = c.mask ? mask[(up * c.width + start) * c.words + w] : ~0u;
            winners[((up * c.steps + t) * c.width + start) * c.words + w] |= ~any & stays;
          }
        }
      }
  }
}

struct dropout_args {
  ref mask; // bits [height][width][words], and-ed into
  int32_t height, width, channels, words, pool;
  uint32_t seed, image, layer, dropped; // dropped: rate · 2²⁴
};

// The mask of a dropout layer that comes after pooling by `pool`, for the units before the pooling.
KERNEL(dropout) {
  uint32_t key = noise_key(a->seed ^ 0x5bd1e995u, a->image, a->layer);
  uint32_t *mask = AT(uint32_t, a->mask);
  int32_t height = a->height / a->pool, width = a->width / a->pool;
  for (int32_t row = 0; row < height; row++)
    for (int32_t column = 0; column < width; column++)
      for (int32_t c = 0; c < a->channels; c++) {
        uint32_t unit = (uint32_t)((row * width + column) * a->channels + c);
        if (uniform24(key, unit_hash(unit)) >= a->dropped) continue;
        for (int32_t dy = 0; dy < a->pool; dy++)
          for (int32_t dx = 0; dx < a->pool; dx++) {
            ptrdiff_t pixel = (ptrdiff_t)(row * a->pool + dy) * a->width + column * a->pool + dx;
            mask[pixel * a->words + c / 32] &= ~(1u << (c % 32));
          }
      }
}
