#include "same.c"
void *third(unsigned long n) { return same(n) + 1; }
