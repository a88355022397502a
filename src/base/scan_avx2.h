/* scan_avx2: the AVX2 side of scan.  Call only where scan_has_avx2 says so. */
#ifndef CRETULA_BASE_SCAN_AVX2_H
#define CRETULA_BASE_SCAN_AVX2_H

#include "base/scan.h"

#if defined(__x86_64__)
#define SCAN_AVX2 1

bool scan_avx2_usable(void);
size_t scan_avx2_lines(struct span in, uint32_t *ends, size_t max, size_t *scanned);
size_t scan_avx2_count_lines(struct span in, size_t max, size_t *at);
size_t scan_avx2_either(struct span in, char a, char b);
size_t scan_avx2_set_find(const struct scan_set *set, struct span in);
size_t scan_avx2_set_find_not(const struct scan_set *set, struct span in);
size_t scan_avx2_json_plain(struct span in);

#endif

/* For tests: from now on take the portable side, or what the CPU has. */
void scan_force_portable(bool portable);

#endif
