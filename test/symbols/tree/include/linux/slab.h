#pragma once
void *__kmalloc(unsigned long size);
static inline __attribute__((always_inline)) void *kmalloc(unsigned long size) {
  return __kmalloc(size);
}
static inline __attribute__((always_inline)) void *kzalloc(unsigned long size) {
  return kmalloc(size + 1);
}
