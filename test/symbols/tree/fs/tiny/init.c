#include <linux/slab.h>
void *__attribute__((section(".init.text"))) tiny_init(unsigned long n) {
  return kzalloc(n) + 6;
}
