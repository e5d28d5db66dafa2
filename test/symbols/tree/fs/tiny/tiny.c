#include <linux/slab.h>
const char vermagic[] __attribute__((section(".modinfo"))) = "vermagic=6.1.0-tiny SMP mod_unload ";
void *__attribute__((noinline)) tiny_read(unsigned long n) {
  return kmalloc(n) + 4;
}
