/* scan_avx2: the AVX2 and AVX-512 sides of scan.  Call only where ..._usable says so. */
#ifndef CRETULA_BASE_SCAN_AVX2_H
#define CRETULA_BASE_SCAN_AVX2_H

#include "base/scan.h"

#if defined(__x86_64__)
#define SCAN_AVX2 1

bool scan_avx2_usable(void);
size_t scan_avx2_lines(struct span in, uint32_t *ends, size_t max, size_t *scanned);
size_t scan_avx2_count_lines(struct span in, size_t max, size_t *at);
size_t scan_avx2_either(struct span in, char a, char b);
size_t scan_avx2_json_plain(struct span in);
size_t scan_avx2_json_string(struct span in, bool any);

bool scan_avx512_usable(void);
size_t scan_avx512_json_string(struct span in, bool any);

#endif

/* For tests: from now on take the portable side, or what the CPU has. */
void scan_force_portable(bool portable);
/* The same, of at most AVX2. */
void scan_force_avx2(void);

#endif
