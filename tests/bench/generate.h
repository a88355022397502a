/* generate: requests that are drawn, and kinds of lines that tell them. */
#ifndef BENCH_GENERATE_H
#define BENCH_GENERATE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define LINE_BYTES 4096 /* no line is longer */

struct request {
	uint64_t n; /* its number, from 0 */
	struct tm tm;
	unsigned status, bytes;
	const char *method, *user, *agent;
	char address[16], target[256], referer[256];
};

/* Write r as a line of at most size bytes, its end included; return how many they are. */
typedef int line_fn(char *out, size_t size, const struct request *r);

/* A number below below: the next of the seed. */
uint32_t draw(uint32_t below);

line_fn line_combined;

/* The lines of a kind; NULL if there is no such kind. */
line_fn *kind_line(const char *name);

#endif
