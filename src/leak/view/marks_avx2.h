/* marks_avx2: the classes of bytes by AVX2; the same answers as the portable side. */
#ifndef CRETULA_LEAK_VIEW_MARKS_AVX2_H
#define CRETULA_LEAK_VIEW_MARKS_AVX2_H

#include "leak/view/marks.h"

#if defined(__x86_64__)
#define LEAK_AVX2 1
bool leak_marks_avx2_usable(void);
void leak_marks_avx2(const struct leak_teddy *teddy, const unsigned char *bytes, size_t words,
    struct leak_marks *marks);
uint32_t leak_marks_kinds_avx2(
    const struct leak_marks *marks, size_t i, struct leak_places *places);
#endif

#endif
