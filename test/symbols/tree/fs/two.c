#include <linux/slab.h>
static void *__attribute__((noinline)) setup(unsigned long n) {
  void *a = kmalloc((unsigned long)kmalloc(n));
  return kmalloc((unsigned long)a + n * 77) + 7;
}
static void *__attribute__((noinline)) twin(unsigned long n) { return kmalloc(n) + 5; }
#include "same.c"
void *second(unsigned long n) { return setup(n) + (long)same(n) + (long)twin(n); }
