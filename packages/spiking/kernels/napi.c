// The kernels as a Node-API addon: { sources, layouts, variants, use(name), run(heap, op, args, variant?) }; with the
// address sanitizer poison(heap, ranges, isPoisoned), too.
#include <node_api.h>
#include <stdint.h>
#include <string.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

typedef int run_function(char *heap, uint32_t op, uint32_t args);
run_function run_baseline, dense_baseline;
#ifdef WITH_AVX2
run_function run_avx2, dense_avx2;
#endif
#ifdef WITH_AVX512
run_function run_avx512, dense_avx512;
#endif

// Operations from this number on are those of dense.c, below it those of kernels.c.
#define FIRST_DENSE 64

static const struct variant {
  const char *name;
  run_function *run, *dense;
} variants[] = {
#ifdef WITH_AVX512
    {"avx512", run_avx512, dense_avx512},
#endif
#ifdef WITH_AVX2
    {"avx2", run_avx2, dense_avx2},
#endif
    {"baseline", run_baseline, dense_baseline},
};
#define VARIANTS (sizeof variants / sizeof *variants)

// Whether this processor can run a variant.
static int supported(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (!strcmp(name, "avx2")) return avx2;
  if (!strcmp(name, "avx512"))
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
  return !strcmp(name, "baseline");
}

// The variant at a place of the exported list; the last one beyond its end.
static const struct variant *nth_supported(uint32_t n) {
  for (size_t i = 0; i < VARIANTS - 1; i++)
    if (supported(variants[i].name) && n-- == 0) return &variants[i];
  return &variants[VARIANTS - 1];
}

// Each Node thread loads the addon for itself, but the choice is the process's.
static const struct variant *chosen = &variants[VARIANTS - 1];

// The memory of an ArrayBuffer, or of a Uint8Array over shared memory.
static int heap_of(napi_env env, napi_value value, void **heap) {
  size_t size, offset;
  napi_typedarray_type type;
  return napi_get_arraybuffer_info(env, value, heap, &size) == napi_ok ||
         napi_get_typedarray_info(env, value, &type, &size, heap, NULL, &offset) == napi_ok;
}

static napi_value run(napi_env env, napi_callback_info info) {
  napi_value argument[4], result;
  size_t count = 4;
  void *heap;
  uint32_t op, args, number;
  if (napi_get_cb_info(env, info, &count, argument, NULL, NULL) != napi_ok || count < 3 ||
      !heap_of(env, argument[0], &heap) ||
      napi_get_value_uint32(env, argument[1], &op) != napi_ok ||
      napi_get_value_uint32(env, argument[2], &args) != napi_ok) {
    napi_throw_type_error(env, NULL, "run(heap: ArrayBuffer | Uint8Array, op: number, args: number, variant?: number)");
    return NULL;
  }
  const struct variant *variant = chosen;
  if (count > 3 && napi_get_value_uint32(env, argument[3], &number) == napi_ok)
    variant = nth_supported(number);
  run_function *function = op < FIRST_DENSE ? variant->run : variant->dense;
  napi_create_int32(env, function((char *)heap, op, args), &result);
  return result;
}

static napi_value use(napi_env env, napi_callback_info info) {
  napi_value argument[1], result;
  size_t count = 1, size;
  char name[16] = "";
  int found = 0;
  napi_get_cb_info(env, info, &count, argument, NULL, NULL);
  napi_get_value_string_utf8(env, argument[0], name, sizeof name, &size);
  for (size_t i = 0; i < VARIANTS; i++)
    if (!strcmp(name, variants[i].name) && supported(name)) {
      chosen = &variants[i];
      found = 1;
    }
  napi_get_boolean(env, found, &result);
  return result;
}

#ifdef __SANITIZE_ADDRESS__
// Forbids the kernels ranges of the heap, or allows them again: a Uint32Array of offsets and lengths.
static napi_value poison(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  size_t count = 3, length, offset;
  napi_typedarray_type type;
  void *heap, *ranges;
  bool poisoned;
  if (napi_get_cb_info(env, info, &count, argument, NULL, NULL) != napi_ok || count < 3 ||
      !heap_of(env, argument[0], &heap) ||
      napi_get_typedarray_info(env, argument[1], &type, &length, &ranges, NULL, &offset) != napi_ok ||
      type != napi_uint32_array || napi_get_value_bool(env, argument[2], &poisoned) != napi_ok) {
    napi_throw_type_error(env, NULL, "poison(heap: ArrayBuffer | Uint8Array, ranges: Uint32Array, isPoisoned: boolean)");
    return NULL;
  }
  const uint32_t *range = ranges;
  for (size_t i = 0; i + 1 < length; i += 2) {
    char *start = (char *)heap + range[i];
    if (poisoned)
      ASAN_POISON_MEMORY_REGION(start, range[i + 1]);
    else
      ASAN_UNPOISON_MEMORY_REGION(start, range[i + 1]);
  }
  return NULL;
}
#endif

NAPI_MODULE_INIT() {
  napi_value names, name, function, sources, layouts;
  uint32_t count = 0;
  // Of what it was built from (src/fast/source-digest.js).
  napi_create_string_utf8(env, SOURCES, NAPI_AUTO_LENGTH, &sources);
  napi_set_named_property(env, exports, "sources", sources);
  // Of the JavaScript that it finds its arguments as laid out by (src/fast/layout-digest.js).
  napi_create_string_utf8(env, LAYOUTS, NAPI_AUTO_LENGTH, &layouts);
  napi_set_named_property(env, exports, "layouts", layouts);
  napi_create_array(env, &names);
  for (size_t i = 0; i < VARIANTS; i++)
    if (supported(variants[i].name)) {
      napi_create_string_utf8(env, variants[i].name, NAPI_AUTO_LENGTH, &name);
      napi_set_element(env, names, count++, name);
    }
  napi_set_named_property(env, exports, "variants", names);
  napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, NULL, &function);
  napi_set_named_property(env, exports, "run", function);
  napi_create_function(env, "use", NAPI_AUTO_LENGTH, use, NULL, &function);
  napi_set_named_property(env, exports, "use", function);
#ifdef __SANITIZE_ADDRESS__
  napi_create_function(env, "poison", NAPI_AUTO_LENGTH, poison, NULL, &function);
  napi_set_named_property(env, exports, "poison", function);
#endif
  return exports;
}
