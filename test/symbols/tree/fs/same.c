#include <linux/slab.h>
static void *__attribute__((noinline)) same(unsigned long n) {
  return kmalloc(n + 9) + 3;
}
