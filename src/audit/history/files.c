/* Names in seg/ of segments that were pruned, or whose records were erased or replaced. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/history/judge.h"
#include "base/num.h"
#include "store/layout.h"

static const char *const suffixes[] = { ".idx", ".jsonl.zst", ".salt", ".tags" };
enum suffix { IDX, DATA, SALT, TAGS, SUFFIXES };

struct audit_seg_files {
	struct audit_chain *chain;
	uint64_t *pruned; /* numbers, as they were seen: once for each file */
	size_t count, size;
};

int
audit_seg_files_open(struct audit_seg_files **files, struct audit_chain *chain)
{
	if ((*files = calloc(1, sizeof(**files))) == NULL) {
		chain->list.failed = true;
		return (-1);
	}
	(*files)->chain = chain;
	return (0);
}

/* NUMBER.rR.SUFFIX or NUMBER.SUFFIX; 0 if it is none. */
static uint64_t
read_name(const char *name, uint64_t *revision, enum suffix *kind)
{
	char tail[48];
	const char *dot = strchr(name, '.');
	size_t digits;

	*revision = 0;
	if (dot != NULL && dot[1] == 'r') {
		digits = strspn(dot + 2, "0123456789");
		if (num_u64(span_of(dot + 2, digits), revision) == -1 || *revision == 0)
			return (0);
	}
	for (unsigned k = 0; k < SUFFIXES; k++) {
		uint64_t seg;

		if (*revision == 0)
			(void)snprintf(tail, sizeof(tail), "%s", suffixes[k]);
		else
			(void)snprintf(
			    tail, sizeof(tail), ".r%" PRIu64 "%s", *revision, suffixes[k]);
		if ((seg = audit_number(name, tail)) != 0) {
			*kind = (enum suffix)k;
			return (seg);
		}
	}
	return (0);
}

static void
see_pruned(struct audit_seg_files *files, uint64_t seg)
{
	size_t size = files->size == 0 ? 64 : files->size * 2;
	uint64_t *pruned = files->pruned;

	if (files->count > 0 && pruned[files->count - 1] == seg)
		return;
	if (files->count == files->size) {
		if ((pruned = reallocarray(pruned, size, sizeof(*pruned))) == NULL) {
			files->chain->list.failed = true;
			return;
		}
		files->pruned = pruned;
		files->size = size;
	}
	pruned[files->count++] = seg;
}

/* Data and salts that stand beside those of the newest revision. */
static int
see_other(struct audit_chain *chain, const struct seal_past *past, const char *name,
    uint64_t revision, enum suffix kind)
{
	char file[300] = "";
	struct audit_place at = audit_place(file);

	(void)snprintf(file, sizeof(file), "seg/%s", name);
	at.segment = past->seg;
	at.entry = past->entry;
	if (revision > past->revision || (revision > 0 && kind != DATA && kind != SALT) ||
	    (kind == TAGS && !past->has_tags))
		return (-1);
	if (revision == past->revision || (kind != DATA && kind != SALT))
		return (1);
	if (kind == DATA)
		audit_report(&chain->list, AUDIT_E_TOMBSTONED_RECORD_PRESENT, &at,
		    "records are in it that revision %ju erased", (uintmax_t)past->revision);
	else
		audit_report(&chain->list, AUDIT_E_ERASED_SALT_PRESENT, &at,
		    "salts are in it that revision %ju erased", (uintmax_t)past->revision);
	return (1);
}

int
audit_seg_files_see(struct audit_seg_files *files, const char *name)
{
	struct audit_chain *chain = files->chain;
	enum suffix kind = IDX;
	uint64_t revision, seg = read_name(name, &revision, &kind);
	const struct seal_past *past =
	    seg == 0 || chain->history == NULL ? NULL : seal_history_segment(chain->history, seg);

	if (past == NULL) {
		/* The entry that named it may be one that is gone. */
		chain->list.suppressed += revision != 0 && chain->damaged;
		return (revision != 0 && chain->damaged ? 1 : 0);
	}
	if (past->pruned) {
		see_pruned(files, seg);
		return (1);
	}
	return (see_other(chain, past, name, revision, kind));
}

static int
compare_numbers(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return ((*one > *other) - (*one < *other));
}

void
audit_seg_files_close(struct audit_seg_files *files)
{
	struct audit_chain *chain = files->chain;

	if (files->count > 0)
		qsort(files->pruned, files->count, sizeof(files->pruned[0]), compare_numbers);
	for (size_t i = 0; i < files->count; i++) {
		uint64_t seg = files->pruned[i];
		char path[STORE_PATH_BYTES] = "";
		struct audit_place at = audit_place(path);

		if (i > 0 && files->pruned[i - 1] == seg)
			continue;
		store_segment_path(path, seg, "jsonl.zst");
		at.segment = seg;
		at.entry = seal_history_segment(chain->history, seg)->entry;
		audit_report(&chain->list, AUDIT_E_PRUNED_STILL_PRESENT, &at,
		    "an entry says that the segment was pruned");
	}
	free(files->pruned);
	free(files);
}
