#include <linux/slab.h>
static void *__attribute__((noinline)) setup(unsigned long n) {
  return kzalloc(n) + 1;
}
static inline void *helper(unsigned long n) {
  return kmalloc(n * 5) + 2;
}
static void *__attribute__((noinline)) twin(unsigned long n) { return kmalloc(n) + 6; }
void *first(unsigned long n) { return setup(n) + (long)helper(n) + (long)twin(n); }
