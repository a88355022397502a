/* The table of findings, and lists of them: bounded, root cause first. */
#include "audit/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const audit_code_names[AUDIT_CODE_COUNT] = {
#define FINDING(code, severity, help) #code,
#include "audit/findings.def"
#undef FINDING
};

const enum audit_severity audit_code_severity[AUDIT_CODE_COUNT] = {
#define FINDING(code, severity, help) AUDIT_##severity,
#include "audit/findings.def"
#undef FINDING
};

const char *const audit_code_help[AUDIT_CODE_COUNT] = {
#define FINDING(code, severity, help) help,
#include "audit/findings.def"
#undef FINDING
};

/*
 * What causes what: of two findings in the same place the one further up is
 * the cause.  Codes of single records stand side by side and go by record.
 */
static const unsigned char cause[AUDIT_CODE_COUNT] = {
	[AUDIT_E_STREAM_MISSING] = 1,
	[AUDIT_E_FILE_TYPE] = 2,
	[AUDIT_E_SEGMENT_MISSING] = 3,
	[AUDIT_E_LIMIT] = 4,
	[AUDIT_E_ENTRY_SYNTAX] = 5,
	[AUDIT_E_GENESIS] = 6,
	[AUDIT_E_ENTRY_INDEX] = 7,
	[AUDIT_E_CHAIN_TORN] = 8,
	[AUDIT_E_CHAIN_TRUNCATED] = 9,
	[AUDIT_E_NOTE] = 10,
	[AUDIT_E_LOG_SIG] = 11,
	[AUDIT_E_CHAIN_ROOT] = 12,
	[AUDIT_E_ENTRY_LINK] = 13,
	[AUDIT_E_EPOCH_ORDER] = 14,
	[AUDIT_E_EPOCH_SIG] = 15,
	[AUDIT_E_UNSIGNED_ENTRIES] = 16,
	[AUDIT_E_CHECKPOINT_MISSING] = 17,
	[AUDIT_E_CHECKPOINT_ROLLBACK] = 18,
	[AUDIT_E_SEGMENT_GAP] = 19,
	[AUDIT_E_RECORD_GAP] = 20,
	[AUDIT_E_TIME_BACK] = 21,
	[AUDIT_E_STREAM_UNLISTED] = 22,
	[AUDIT_E_ROLLBACK] = 22,
	[AUDIT_E_SPLIT_VIEW] = 22,
	[AUDIT_E_STALE] = 22,
	[AUDIT_E_BUNDLE] = 1,
	[AUDIT_E_ANCHOR] = 22,
	[AUDIT_E_WITNESS] = 22,
	[AUDIT_E_PROOF] = 22,
	[AUDIT_E_SALT] = 23,
	[AUDIT_E_SEGMENT_ROOT] = 24,
	[AUDIT_E_CONTAINER] = 25,
	[AUDIT_E_TORN_LINE] = 25,
	[AUDIT_E_RECORD_INSERTED] = 26,
	[AUDIT_E_RECORD_MISSING] = 26,
	[AUDIT_E_RECORD_MODIFIED] = 26,
	[AUDIT_E_RECORD_REORDERED] = 26,
	[AUDIT_E_RECORD_SYNTAX] = 27,
	[AUDIT_E_FILE_HASH] = 28,
	[AUDIT_E_INDEX] = 29,
	[AUDIT_E_TAGS] = 29,
	[AUDIT_E_RATCHET_MAC] = 30,
	[AUDIT_E_OPEN] = 31,
	[AUDIT_E_COUNTS] = 30,
	[AUDIT_E_MASK_EPOCH] = 31,
	[AUDIT_W_REPACKED] = 32,
	[AUDIT_W_UNKNOWN_FILE] = 33,
	[AUDIT_W_WORDS] = 34,
	[AUDIT_W_ERASED_DAMAGED] = 34,
	[AUDIT_W_WORDS_REFUSED] = 34,
};

void
audit_list_init(struct audit_list *list, const char *stream, size_t max)
{
	*list = (struct audit_list){ .max = max };
	(void)snprintf(list->stream, sizeof(list->stream), "%s", stream);
}

void
audit_list_free(struct audit_list *list)
{
	free(list->items);
	*list = (struct audit_list){ 0 };
}

struct audit_place
audit_place(const char *file)
{
	return ((struct audit_place){ .file = file,
	    .segment = AUDIT_NONE,
	    .record = AUDIT_NONE,
	    .line = AUDIT_NONE,
	    .entry = AUDIT_NONE,
	    .count = 1 });
}

static int
reserve(struct audit_list *list, size_t more)
{
	size_t size = list->size == 0 ? 8 : list->size;
	struct audit_finding *items;

	while (size < list->count + more)
		size *= 2;
	if (size == list->size)
		return (0);
	if ((items = reallocarray(list->items, size, sizeof(*items))) == NULL) {
		list->failed = true;
		return (-1);
	}
	list->items = items;
	list->size = size;
	return (0);
}

void
audit_report(struct audit_list *list, enum audit_code code, const struct audit_place *at,
    const char *fmt, ...)
{
	struct audit_finding *f;
	va_list args;

	if (audit_code_severity[code] == AUDIT_ERROR)
		list->has_error = true;
	if (list->count >= list->max || list->of_code[code] >= AUDIT_FINDINGS_PER_FILE ||
	    reserve(list, 1) == -1) {
		list->suppressed++;
		return;
	}
	list->of_code[code]++;
	f = &list->items[list->count++];
	*f = (struct audit_finding){ .code = code,
		.segment = at->segment,
		.record = at->record,
		.line = at->line,
		.entry = at->entry,
		.count = at->count };
	(void)snprintf(f->stream, sizeof(f->stream), "%s", list->stream);
	(void)snprintf(f->file, sizeof(f->file), "%s", at->file);
	va_start(args, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

void
audit_list_drop(struct audit_list *list, uint64_t first, enum audit_code keep)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct audit_finding *f = &list->items[i];

		if (f->entry != AUDIT_NONE && f->entry >= first && f->code != keep)
			list->suppressed++;
		else
			list->items[kept++] = *f;
	}
	list->count = kept;
}

static int
compare_u64(uint64_t a, uint64_t b)
{
	return ((a > b) - (a < b));
}

/* Places that are not given come first where they stand for the whole. */
static int
compare_findings(const void *one, const void *other)
{
	const struct audit_finding *a = one, *b = other;
	bool chain = a->segment == AUDIT_NONE && b->segment == AUDIT_NONE;
	int order;

	if ((order = (int)audit_code_severity[a->code] - (int)audit_code_severity[b->code]) != 0)
		return (order);
	if ((order = compare_u64(a->segment + 1, b->segment + 1)) != 0)
		return (order);
	if (chain && (order = compare_u64(a->entry, b->entry)) != 0)
		return (order);
	if ((order = (int)cause[a->code] - (int)cause[b->code]) != 0)
		return (order);
	if ((order = compare_u64(a->record, b->record)) != 0)
		return (order);
	if ((order = compare_u64(a->line, b->line)) != 0)
		return (order);
	if ((order = (int)a->code - (int)b->code) != 0)
		return (order);
	if ((order = strcmp(a->file, b->file)) != 0)
		return (order);
	return (strcmp(a->text, b->text));
}

void
audit_list_sort(struct audit_list *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(list->items[0]), compare_findings);
}

void
audit_list_move(struct audit_list *into, struct audit_list *more)
{
	size_t room = into->max - into->count;
	size_t take = more->count < room ? more->count : room;

	into->has_error = into->has_error || more->has_error;
	into->failed = into->failed || more->failed;
	into->suppressed += more->suppressed + (more->count - take);
	if (take > 0 && reserve(into, take) == 0) {
		memcpy(into->items + into->count, more->items, take * sizeof(more->items[0]));
		into->count += take;
	}
	audit_list_free(more);
}
