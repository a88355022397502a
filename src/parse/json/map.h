/*
 * parse: what members mean, as a user's configuration says it.
 *
 * Filled in before anything is read, and copied freely: it points nowhere.
 */
#ifndef CRETULA_PARSE_JSON_MAP_H
#define CRETULA_PARSE_JSON_MAP_H

#include "base/span.h"

#define PARSE_JSON_MAP_MAX 64
#define PARSE_JSON_MAP_PATH_BYTES 128

struct parse_json_map {
	struct {
		unsigned what; /* of parse_json_map_whats */
		char path[PARSE_JSON_MAP_PATH_BYTES];
	} row[PARSE_JSON_MAP_MAX];
	unsigned count;
};

/* "client", "duration_ms": what a member may be; sorted, NULL behind the last. */
extern const char *const parse_json_map_whats[];

enum parse_json_map_result {
	PARSE_JSON_MAP_OK,
	PARSE_JSON_MAP_WHAT, /* there is no such what */
	PARSE_JSON_MAP_PATH, /* no path: empty, too long, or taken */
	PARSE_JSON_MAP_FULL
};

/* The member of path ("a.b", "a[].b") is what; map is unchanged if it cannot be. */
enum parse_json_map_result parse_json_map_add(
    struct parse_json_map *map, struct span what, struct span path);

#endif
