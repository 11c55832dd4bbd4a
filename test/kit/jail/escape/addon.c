/*
 * A hijacked engine's hand: system calls without libc or node in between. Only the escape probe loads it (attacker.ts);
 * nothing in the product does. It does nothing by itself; every call is named by attempts in TypeScript.
 *
 * Node-API is declared here by hand, so that no header of node has to be installed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct env_s *env_t;
typedef struct value_s *value_t;
typedef struct info_s *info_t;
typedef value_t (*callback_t)(env_t, info_t);
extern int napi_create_function(env_t, const char *, size_t, callback_t, void *, value_t *);
extern int napi_set_named_property(env_t, value_t, const char *, value_t);
extern int napi_get_cb_info(env_t, info_t, size_t *, value_t *, value_t *, void **);
extern int napi_is_buffer(env_t, value_t, _Bool *);
extern int napi_get_buffer_info(env_t, value_t, void **, size_t *);
extern int napi_get_value_bigint_int64(env_t, value_t, int64_t *, _Bool *);
extern int napi_create_bigint_int64(env_t, int64_t, value_t *);

#define MAX_WORDS 7

static int64_t word(env_t env, value_t value) {
  _Bool is_buffer = 0, lossless = 0;
  int64_t number = 0;
  void *data = NULL;
  size_t length = 0;
  napi_is_buffer(env, value, &is_buffer);
  if (is_buffer) {
    napi_get_buffer_info(env, value, &data, &length);
    return (int64_t)(intptr_t)data;
  }
  napi_get_value_bigint_int64(env, value, &number, &lossless);
  return number;
}

static void words(env_t env, info_t info, int64_t *into) {
  value_t values[MAX_WORDS];
  size_t count = MAX_WORDS;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  for (size_t i = 0; i < MAX_WORDS; i++) into[i] = i < count ? word(env, values[i]) : 0;
}

static value_t number(env_t env, int64_t value) {
  value_t result = NULL;
  napi_create_bigint_int64(env, value, &result);
  return result;
}

/* No function call between the two returns of vfork: libc's syscall() would lose its return address. */
static inline __attribute__((always_inline)) long enter(const int64_t *w) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = w[4];
  register long r8 __asm__("r8") = w[5];
  register long r9 __asm__("r9") = w[6];
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(w[0]), "D"(w[1]), "S"(w[2]), "d"(w[3]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = w[0];
  register long x0 __asm__("x0") = w[1];
  register long x1 __asm__("x1") = w[2];
  register long x2 __asm__("x2") = w[3];
  register long x3 __asm__("x3") = w[4];
  register long x4 __asm__("x4") = w[5];
  register long x5 __asm__("x5") = w[6];
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "x86_64 and aarch64 only"
#endif
}

/* call(number, …): what the kernel says; an error is negative. */
static value_t call(env_t env, info_t info) {
  int64_t w[MAX_WORDS];
  words(env, info, w);
  return number(env, enter(w));
}

/* callAsParent(number, …): for calls that return twice; the new process ends at once. */
static value_t call_as_parent(env_t env, info_t info) {
  int64_t w[MAX_WORDS];
  words(env, info, w);
  long result = enter(w);
  if (result == 0) {
    int64_t leave[MAX_WORDS] = {
#if defined(__x86_64__)
        231,
#else
        94,
#endif
        0};
    enter(leave);
  }
  return number(env, result);
}

/* address(buffer): where its bytes lie, for calls that take structures of pointers. */
static value_t address(env_t env, info_t info) {
  int64_t w[MAX_WORDS];
  words(env, info, w);
  return number(env, w[0]);
}

/* grab(flags, protection, mebibytes): memory in pieces of 16 MiB, each page written to; how many MiB there were. All given back. */
static value_t grab(env_t env, info_t info) {
  int64_t w[MAX_WORDS];
  words(env, info, w);
  const size_t piece = 16u << 20;
  enum { MOST = 1024 };
  void *held[MOST];
  size_t count = 0;
  while (count < MOST && count * 16 < (size_t)w[2]) {
    char *at = mmap(NULL, piece, (int)w[1], (int)w[0], -1, 0);
    if (at == MAP_FAILED) break;
    for (size_t i = 0; i < piece; i += 4096) at[i] = 1;
    held[count++] = at;
  }
  for (size_t i = 0; i < count; i++) munmap(held[i], piece);
  return number(env, (int64_t)count * 16);
}

static void *sleeper(void *unused) {
  pause();
  return unused;
}

/* threads(count): how many could be started. They stay. */
static value_t threads(env_t env, info_t info) {
  int64_t w[MAX_WORDS];
  words(env, info, w);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16384);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int64_t count = 0;
  pthread_t thread;
  while (count < w[0] && pthread_create(&thread, &attributes, sleeper, NULL) == 0) count++;
  return number(env, count);
}

/* call32(number): a call by the numbers of 32-bit x86, which a filter that looks at numbers alone takes for another one. */
static value_t call32(env_t env, info_t info) {
  int64_t w[MAX_WORDS];
  words(env, info, w);
#if defined(__x86_64__)
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"((int)w[0]), "b"(0), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
  return number(env, result);
#else
  return number(env, -ENOSYS);
#endif
}

static void give(env_t env, value_t exports, const char *name, callback_t function) {
  value_t value = NULL;
  napi_create_function(env, name, (size_t)-1, function, NULL, &value);
  napi_set_named_property(env, exports, name, value);
}

value_t napi_register_module_v1(env_t env, value_t exports) {
  give(env, exports, "call", call);
  give(env, exports, "callAsParent", call_as_parent);
  give(env, exports, "address", address);
  give(env, exports, "grab", grab);
  give(env, exports, "threads", threads);
  give(env, exports, "call32", call32);
  return exports;
}
