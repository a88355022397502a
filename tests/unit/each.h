/*
 * How many of the steps at which a thing can fail are tried: all, and under a
 * sanitizer, which is five times as slow and runs beside a build that tries
 * all, each fifth.
 */
#ifndef CRETULA_TEST_EACH_H
#define CRETULA_TEST_EACH_H

#if defined(__SANITIZE_ADDRESS__)
#define EACH 5
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EACH 5
#endif
#endif
#ifndef EACH
#define EACH 1
#endif

#endif
