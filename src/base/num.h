/* num: numbers with units in, digits out. */
#ifndef CRETULA_BASE_NUM_H
#define CRETULA_BASE_NUM_H

#include <stdint.h>

#include "base/span.h"

/* Decimal digits only, no sign, no leading blanks, no overflow.  0 or -1. */
int num_u64(struct span in, uint64_t *n);

/* "64K" "256M" "1G" "200": powers of 1024.  0 or -1. */
int num_size(struct span in, uint64_t *bytes);

/* "200000/s": so many a second.  0 or -1. */
int num_rate(struct span in, uint64_t *a_second);

/* "500ms" "30s" "5m" "1h" "90d" "2w" "1y" (365 d).  0 or -1. */
int num_duration(struct span in, int64_t *us);

/* Write n in decimal; returns the characters written, at most 20. */
size_t num_print(char out[static 20], uint64_t n);

/* 1234567 -> "1,234,567" / bytes -> "1.2 MiB", NUL-terminated, for people. */
size_t num_print_grouped(char out[static 32], uint64_t n);
size_t num_print_bytes(char out[static 32], uint64_t bytes);

#endif
