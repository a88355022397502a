/* A bundle: is each file there that the manifest lists, as it lists it, and no other? */
#include "audit/outside/bundle.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/num.h"
#include "base/scan.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "store/layout.h"
#include "store/reader.h"

#define MANIFEST "MANIFEST.sha256"
#define MANIFEST_BYTES_MAX ((size_t)256 << 20)
#define FACTS "bundle.json"
#define FACTS_BYTES_MAX ((size_t)2 << 20)
#define FILE_BYTES_MAX ((uint64_t)512 << 20) /* more than any segment that is sealed */
#define DEPTH_MAX 6 /* store/streams/NAME/seg/FILE and one more */
#define PATH_BYTES 512
#define READ_BYTES 65536

struct row {
	struct span path;
	unsigned char hash[32];
	bool seen;
};

struct manifest {
	struct audit_list *list;
	struct buf bytes;
	struct row *rows;
	size_t count;
	int dir;
	const struct audit_range *range;
	char path[PATH_BYTES]; /* of the directory that is walked, with a "/", or "" */
	unsigned depth;
};

static void
report(struct manifest *m, const char *file, const char *text)
{
	struct audit_place at = audit_place(file);

	audit_report(m->list, AUDIT_E_BUNDLE, &at, "%s", text);
}

/* ---- the manifest ---- */

static int
compare_rows(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	return (span_order(one->path, other->path));
}

/* HEX, two blanks, PATH: as sha256sum writes it. */
static bool
read_row(struct manifest *m, struct span line)
{
	struct row *row = &m->rows[m->count];
	size_t len;

	if (line.len <= 66 || line.ptr[64] != ' ' || line.ptr[65] != ' ' ||
	    text_unhex(span_of(line.ptr, 64), row->hash, 32, &len) == -1)
		return (false);
	row->path = span_from(line, 66);
	m->count++;
	return (m->count == 1 || span_order(row[-1].path, row->path) < 0);
}

static void
read_manifest(struct manifest *m)
{
	struct span rest = buf_view(&m->bytes);
	size_t scanned, lines = scan_count_lines(rest, SIZE_MAX, &scanned);

	if ((m->rows = calloc(lines + 1, sizeof(m->rows[0]))) == NULL) {
		m->list->failed = true;
		return;
	}
	for (size_t i = 0; i < lines; i++) {
		size_t len = span_find(rest, '\n');

		if (!read_row(m, span_of(rest.ptr, len))) {
			report(m, MANIFEST, "not sorted lines of sha256sum");
			return;
		}
		rest = span_from(rest, len + 1);
	}
	if (rest.len > 0)
		report(m, MANIFEST, "the last line has no end");
}

/* ---- the files ---- */

static int
hash_file(int dir, const char *name, unsigned char hash[static 32])
{
	char *bytes = malloc(READ_BYTES);
	struct crypto_sha256 h;
	uint64_t size, taken = 0;
	ssize_t len = -1;
	int fd;

	crypto_sha256_init(&h);
	if (bytes == NULL)
		(void)err_memory(NULL);
	else if ((fd = store_open_file(dir, name, &size, NULL)) != -1) {
		while (size <= FILE_BYTES_MAX && taken <= size &&
		    (len = io_read(fd, bytes, READ_BYTES, NULL)) > 0) {
			crypto_sha256_add(&h, bytes, (size_t)len);
			taken += (size_t)len;
		}
		(void)close(fd);
	}
	crypto_sha256_end(&h, hash);
	free(bytes);
	return (len == 0 ? 0 : -1);
}

static void
check_file(struct manifest *m, int dir, const char *name, const char *path)
{
	struct row key = { .path = span_str(path) }, *row = NULL;
	unsigned char hash[32];

	if (strcmp(path, MANIFEST) == 0)
		return;
	if (m->count > 0)
		row = bsearch(&key, m->rows, m->count, sizeof(key), compare_rows);
	if (row == NULL) {
		report(m, path, "the manifest does not list it");
		return;
	}
	row->seen = true;
	if (hash_file(dir, name, hash) == -1 || memcmp(hash, row->hash, sizeof(hash)) != 0)
		report(m, path, "not the file that the manifest lists");
}

static int
compare_numbers(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return ((*one > *other) - (*one < *other));
}

/* What nobody looks at in a bundle of proofs: chains, or the proof of another record. */
static bool
is_no_proof(const struct manifest *m, const char *name)
{
	const struct audit_range *range = m->range;
	char digits[24] = "";
	uint64_t record;

	if (m->path[0] == '\0')
		return (strcmp(name, "store") == 0 || strcmp(name, "counts.json") == 0);
	if (strcmp(m->path, "proofs/") != 0)
		return (false);
	if (num_u64(span_str(name), &record) == 0)
		(void)snprintf(digits, sizeof(digits), "%ju", (uintmax_t)record);
	return (strcmp(name, digits) != 0 ||
	    bsearch(&record, range->records, range->record_count, sizeof(record),
		compare_numbers) == NULL);
}

/* A stream that nobody looks at, in the bundle of another. */
static bool
is_stranger(const struct manifest *m, const char *name)
{
	const char *stream = m->range->stream;

	if (m->range->is_proofs)
		return (is_no_proof(m, name));
	return (stream[0] != '\0' && strcmp(m->path, "store/streams/") == 0 &&
	    strcmp(name, stream) != 0 && strcmp(name, STORE_OWN_STREAM) != 0);
}

static void
see_file(void *arg, int dir, const char *name)
{
	struct manifest *m = arg;
	size_t len = strlen(m->path);
	enum audit_kind kind = audit_kind(dir, name);
	char path[PATH_BYTES];

	if ((size_t)snprintf(path, sizeof(path), "%s%s", m->path, name) >= sizeof(path) - 1 ||
	    (kind != AUDIT_REGULAR && kind != AUDIT_DIRECTORY) ||
	    (kind == AUDIT_DIRECTORY && m->depth == DEPTH_MAX)) {
		report(m, name, "no file of a bundle");
		return;
	}
	if (is_stranger(m, name))
		report(m, path, "not of what this is a bundle of");
	if (kind == AUDIT_REGULAR) {
		check_file(m, dir, name, path);
		return;
	}
	(void)snprintf(m->path + len, sizeof(m->path) - len, "%s/", name);
	m->depth++;
	if (audit_walk(dir, name, see_file, m, NULL) == -1)
		report(m, path, "not readable");
	m->depth--;
	m->path[len] = '\0';
}

static void
check_manifest(struct manifest *m)
{
	enum audit_code code = AUDIT_E_BUNDLE;
	struct err e;

	if (audit_read(m->dir, MANIFEST, MANIFEST_BYTES_MAX, &m->bytes, &code, &e) == -1) {
		report(m, MANIFEST, e.text);
		return;
	}
	read_manifest(m);
	if (audit_walk(m->dir, ".", see_file, m, &e) == -1)
		report(m, "", "not readable");
	for (size_t i = 0; i < m->count; i++) {
		char path[PATH_BYTES];

		(void)snprintf(path, sizeof(path), "%.*s",
		    (int)(m->rows[i].path.len < PATH_BYTES ? m->rows[i].path.len : PATH_BYTES - 1),
		    m->rows[i].path.ptr);
		if (!m->rows[i].seen)
			report(m, path, "listed in the manifest, and missing");
	}
}

/* ---- which part ---- */

static bool
read_time(const struct json_value *facts, const char *key, int64_t *t_us)
{
	struct span text;

	return (
	    !json_get_str(facts, key, &text) || clock_parse_rfc3339(text.ptr, text.len, t_us) == 0);
}

/* Numbers, ascending; without them it is of segments. */
static bool
read_records(const struct json_value *facts, struct audit_range *range)
{
	struct json_cursor cursor;
	struct json_value list, item;
	struct span key;

	if (!json_get(facts, "records", &list))
		return (true);
	if (list.type != JSON_ARRAY || range->stream[0] == '\0')
		return (false);
	range->is_proofs = true;
	range->records = calloc(AUDIT_BUNDLE_RECORDS_MAX, sizeof(range->records[0]));
	if (range->records == NULL) {
		(void)err_memory(NULL);
		return (false);
	}
	json_open(&cursor, &list);
	while (json_next(&cursor, &key, &item)) {
		size_t count = range->record_count;

		if (count == AUDIT_BUNDLE_RECORDS_MAX || item.type != JSON_INT || item.number < 0 ||
		    (count > 0 && range->records[count - 1] >= (uint64_t)item.number))
			return (false);
		range->records[range->record_count++] = (uint64_t)item.number;
	}
	return (range->record_count > 0);
}

static void
print_time(struct buf *out, const char *key, int64_t t_us, int64_t none)
{
	char text[CLOCK_RFC3339_BYTES];

	if (t_us != none)
		json_str(out, key, span_of(text, clock_rfc3339(text, t_us)));
}

/* There is one way to write it: what a reader would pass over, another would not. */
static bool
is_printed(const struct audit_range *range, struct span text)
{
	struct buf out = { 0 };
	bool same;

	buf_str(&out, "{");
	json_u64(&out, "v", 1);
	if (range->stream[0] != '\0')
		json_str(&out, "stream", span_str(range->stream));
	print_time(&out, "since", range->since_us, INT64_MIN);
	print_time(&out, "until", range->until_us, INT64_MAX);
	if (range->is_proofs)
		json_key(&out, "records");
	for (size_t i = 0; i < range->record_count; i++)
		buf_fmt(&out, "%c%ju", i == 0 ? '[' : ',', (uintmax_t)range->records[i]);
	buf_str(&out, range->is_proofs ? "]}\n" : "}\n");
	same = buf_ok(&out) && span_equal(buf_view(&out), text);
	if (!buf_ok(&out))
		(void)err_memory(NULL);
	buf_free(&out);
	return (same);
}

static bool
take_facts(struct span text, struct audit_range *range)
{
	struct span stream = SPAN("");
	struct json_value facts;
	uint64_t version = 0;

	if (json_parse(text, &facts, NULL) == -1 || facts.type != JSON_OBJECT ||
	    !json_get_u64(&facts, "v", &version) || version != 1 ||
	    (json_get_str(&facts, "stream", &stream) && !store_name_known(stream)))
		return (false);
	(void)snprintf(range->stream, sizeof(range->stream), "%.*s", (int)stream.len, stream.ptr);
	return (read_time(&facts, "since", &range->since_us) &&
	    read_time(&facts, "until", &range->until_us) && read_records(&facts, range));
}

static void
read_facts(struct manifest *m, struct audit_range *range)
{
	static const struct audit_range all = { .since_us = INT64_MIN, .until_us = INT64_MAX };
	enum audit_code code = AUDIT_E_BUNDLE;
	struct buf bytes = { 0 };
	struct span text;
	struct err e;

	*range = all;
	if (audit_read(m->dir, FACTS, FACTS_BYTES_MAX, &bytes, &code, &e) == -1)
		report(m, FACTS, e.text);
	else {
		text = buf_view(&bytes);
		if (text.len > 0)
			text.len--;
		if (!take_facts(text, range) || !is_printed(range, buf_view(&bytes))) {
			report(m, FACTS, "does not say which part of a store this is");
			audit_range_free(range);
			*range = all;
		}
	}
	buf_free(&bytes);
}

int
audit_bundle_check(
    const char *dir, struct audit_range *range, struct audit_list *list, struct err *e)
{
	struct manifest *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return (err_memory(e));
	*range = (struct audit_range){ .since_us = INT64_MIN };
	m->list = list;
	if ((m->dir = io_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, e)) == -1) {
		free(m);
		if (e != NULL)
			e->code = ERR_INPUT;
		return (err_in(e, "%s: no bundle", dir));
	}
	read_facts(m, range);
	m->range = range;
	check_manifest(m);
	(void)close(m->dir);
	buf_free(&m->bytes);
	free(m->rows);
	free(m);
	return (0);
}

void
audit_range_free(struct audit_range *range)
{
	free(range->records);
	range->records = NULL;
}

bool
audit_range_holds(const struct audit_range *range, const struct seal_segment *facts)
{
	if (range->since_us == INT64_MIN && range->until_us == INT64_MAX)
		return (true);
	return (facts->n > 0 && facts->counts.time_max_us >= range->since_us &&
	    facts->counts.time_min_us < range->until_us);
}

bool
audit_range_missing(const struct audit_range *range, struct audit_list *list)
{
	struct audit_place at = audit_place(FACTS);

	audit_report(list, AUDIT_E_BUNDLE, &at, "stream %s is not in it", range->stream);
	return (true);
}

/* Segments that are not in the range, ascending. */
struct outside {
	struct audit_chain *chain;
	uint64_t *numbers;
	size_t count;
};

/* All files of a segment begin with its number and a dot, whatever their revision. */
static void
see_in_seg(void *arg, int dir, const char *name)
{
	struct outside *outside = arg;
	size_t digits = strspn(name, "0123456789");
	char file[300] = "";
	struct audit_place at = audit_place(file);
	uint64_t seg;

	(void)dir;
	(void)snprintf(file, sizeof(file), "seg/%s", name);
	if (digits == 0 || name[digits] != '.' || num_u64(span_of(name, digits), &seg) == -1 ||
	    bsearch(&seg, outside->numbers, outside->count, sizeof(seg), compare_numbers) == NULL)
		return;
	at.segment = seg;
	audit_report(&outside->chain->list, AUDIT_E_BUNDLE, &at, "of another range");
}

static void
check_outside(struct outside *outside)
{
	qsort(outside->numbers, outside->count, sizeof(outside->numbers[0]), compare_numbers);
	if (outside->count > 0 && audit_kind(outside->chain->dirfd, "seg") == AUDIT_DIRECTORY)
		(void)audit_walk(outside->chain->dirfd, "seg", see_in_seg, outside, NULL);
}

bool
audit_range_apply(const struct audit_range *range, struct audit_chain *chain)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	size_t kept = 0, count = chain->segment_count;
	struct outside outside = { .chain = chain,
		.numbers = calloc(count + 1, sizeof(outside.numbers[0])) };
	bool holds = true;

	if (entry == NULL || outside.numbers == NULL) {
		free(entry);
		free(outside.numbers);
		chain->list.failed = true;
		return (true);
	}
	for (size_t i = 0; i < count; i++) {
		const struct audit_segment *segment = &chain->segments[i];

		holds =
		    seal_entry_read(
			audit_line(chain, segment->line), chain->names, entry, NULL) == -1 ||
		    audit_range_holds(range, &entry->of.segment);
		if (holds) {
			chain->segments[kept++] = *segment;
			continue;
		}
		chain->coverage->segments_outside++;
		outside.numbers[outside.count++] = segment->seg;
	}
	chain->segment_count = kept;
	check_outside(&outside);
	free(outside.numbers);
	free(entry);
	return (holds);
}
