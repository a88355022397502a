/* tree: files and whole directories through scanners, on several threads. */
#ifndef CRETULA_LEAK_TREE_H
#define CRETULA_LEAK_TREE_H

#include "leak/leak.h"

struct leak_hit {
	size_t file; /* index into files */
	size_t rule;
	uint64_t value, at;
	char view[LEAK_VIEW_BYTES];
};

struct leak_file {
	char *path;
	uint64_t size; /* when it was listed */
	char problem[128]; /* why it was not read, or not whole; "" if it was */
	uint64_t read, seen; /* bytes of it, and of what they decompress to */
	uint64_t hits;
};

#define LEAK_JOBS_MAX 64

struct leak_tree {
	/* wanted */
	const struct leak_rules *rules;
	unsigned jobs;
	size_t keep; /* hits to keep, at most; all are counted */
	void (*progress)(void *arg, uint64_t done, uint64_t total); /* or NULL; one thread calls */
	void *progress_arg;
	/* found */
	struct leak_file *files; /* in the order of paths, directories sorted by name */
	size_t file_count, file_size;
	struct leak_hit *hits; /* by file, then offset */
	size_t hit_count, hit_size;
	uint64_t by_rule[LEAK_RULES_MAX], total;
	uint64_t bytes_listed;
};

/*
 * Look at each path: a file, or a directory with all below it, or "-" for
 * standard input.  Gzip and zstd are looked into.  Symbolic links are never
 * followed, and devices, pipes and sockets never opened: they, and what
 * cannot be read, are files with a problem.  0; or -1 with e: ERR_INPUT if a
 * path does not exist, ERR_IO without memory.
 */
int leak_tree_scan(struct leak_tree *tree, const char *const *paths, size_t count, struct err *e);
void leak_tree_free(struct leak_tree *tree);

#endif
