/*
 * Name the damaged records with .idx.
 *
 * A leaf is bound to its place by its salt, so line j is record i if, hashed
 * with salt i, it begins as .idx says of i: two bytes, and two more records
 * behind it agree.  The walk steps through lines and records together; where
 * they part it looks for the nearest pair at which they meet again.  All
 * searches are bounded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/segment.h"
#include "base/err.h"

#define NEAR 32 /* lines and records that the near search tries */
#define FAR_BYTES_MAX ((uint64_t)1 << 30) /* hashed in searches through all the rest */
#define EVENTS_MAX AUDIT_FINDINGS_PER_FILE
#define SALTS 256 /* of one block of the cache */
#define BLOCKS 4
_Static_assert(NEAR + 3 < AUDIT_WINDOW, "the search never looks behind the window");

/* From record i and line j on, records stand in the place of lines. */
struct event {
	uint64_t i, j, records, lines;
};

struct walk {
	struct audit_job *job;
	const struct audit_target *target;
	uint64_t n; /* records sealed */
	uint64_t i, j; /* the next record, the next line */
	unsigned ahead; /* lines in the window, from j on */
	uint32_t len[AUDIT_WINDOW];
	struct span run; /* of the reader, not yet in the window */
	uint64_t bytes;
	bool ended, stopped;
	uint64_t matched;
	uint64_t far_bytes;
	struct event events[EVENTS_MAX];
	size_t event_count;
	uint64_t damaged_lines, damaged_records;
	uint32_t kept_len[AUDIT_KEPT];
	uint64_t kept_line[AUDIT_KEPT], kept_record[AUDIT_KEPT];
	uint64_t moved[AUDIT_KEPT]; /* of a kept line: the record that it is; AUDIT_NONE */
	bool found[AUDIT_KEPT]; /* is a kept record one of those? */
	bool any_moved;
	unsigned char leaf[1][32]; /* of the last match */
	uint64_t bad_block; /* the first block whose root differs; AUDIT_NONE */
	uint64_t blocks;
	struct {
		uint64_t block;
		unsigned char salts[SALTS][16];
	} cache[BLOCKS];
	unsigned victim;
};

/* ---- lines ---- */

static void
next_run(struct walk *w)
{
	if (store_reader_next(w->job->reader, &w->run, NULL) == -1)
		w->run.len = 0;
	w->bytes += w->run.len;
	if (w->run.len == 0 || w->bytes > w->target->facts->bytes + 2 * AUDIT_SPARE_BYTES)
		w->ended = true;
}

static void
fill(struct walk *w)
{
	while (w->ahead < AUDIT_WINDOW && !w->ended) {
		unsigned slot = (unsigned)((w->j + w->ahead) % AUDIT_WINDOW);
		size_t len;

		if (w->run.len == 0) {
			next_run(w);
			continue;
		}
		len = span_find(w->run, '\n');
		if (len >= RECORD_BYTES_MAX || w->j + w->ahead > AUDIT_LINES_MAX) {
			w->ended = true;
			break;
		}
		memcpy(w->job->window[slot], w->run.ptr, len);
		w->len[slot] = (uint32_t)len;
		w->run = span_from(w->run, len + 1);
		w->ahead++;
	}
}

static struct span
line_at(const struct walk *w, unsigned k)
{
	unsigned slot = (unsigned)((w->j + k) % AUDIT_WINDOW);

	return (span_of(w->job->window[slot], w->len[slot]));
}

static void
consume(struct walk *w, bool damaged)
{
	struct span line = line_at(w, 0);

	if (damaged && w->damaged_lines < AUDIT_KEPT) {
		memcpy(w->job->kept[w->damaged_lines], line.ptr, line.len);
		w->kept_len[w->damaged_lines] = (uint32_t)line.len;
		w->kept_line[w->damaged_lines] = w->j;
	}
	w->damaged_lines += damaged;
	w->j++;
	w->ahead--;
}

/* ---- matching ---- */

static const unsigned char *
salt_of(struct walk *w, uint64_t i)
{
	uint64_t block = i / SALTS;
	unsigned slot;

	for (slot = 0; slot < BLOCKS; slot++)
		if (w->cache[slot].block == block)
			return (w->cache[slot].salts[i % SALTS]);
	slot = w->victim++ % BLOCKS;
	w->cache[slot].block = block;
	seal_salts(w->target->seed, (uint32_t)(block * SALTS), SALTS, w->cache[slot].salts,
	    w->job->salt_memory);
	return (w->cache[slot].salts[i % SALTS]);
}

/* Is line record i, as far as two bytes can tell? */
static bool
match_line(struct walk *w, struct span line, uint64_t i)
{
	struct crypto_message message = { .head_len = 17, .body = line };

	if (i >= w->n)
		return (false);
	message.head[0] = 0;
	memcpy(message.head + 1, salt_of(w, i), 16);
	crypto_sha256_many(&message, 1, w->leaf);
	return (memcmp(w->leaf[0], w->job->idx.data + 2 * i, 2) == 0);
}

/* The line k ahead is record i, and so on for two more, where there are two more. */
static bool
meet(struct walk *w, unsigned k, uint64_t i)
{
	for (unsigned c = 0; c < 3; c++) {
		if (k + c >= w->ahead || i + c >= w->n)
			return (c > 0);
		if (!match_line(w, line_at(w, k + c), i + c))
			return (false);
	}
	return (true);
}

/* ---- searching ---- */

static void
add_event(struct walk *w, uint64_t i, uint64_t j, uint64_t records, uint64_t lines)
{
	w->events[w->event_count++] = (struct event){ i, j, records, lines };
	for (uint64_t k = 0; k < records && w->damaged_records + k < AUDIT_KEPT; k++)
		w->kept_record[w->damaged_records + k] = i + k;
	w->damaged_records += records;
}

/* The nearest pair, by the sum of records and lines that are passed over. */
static bool
search_near(struct walk *w)
{
	for (unsigned sum = 1; sum <= 2 * NEAR; sum++)
		for (unsigned lines = sum > NEAR ? sum - NEAR : 0; lines <= sum && lines <= NEAR;
		     lines++) {
			if (!meet(w, lines, w->i + sum - lines))
				continue;
			add_event(w, w->i, w->j, sum - lines, lines);
			w->i += sum - lines;
			for (unsigned k = 0; k < lines; k++)
				consume(w, true);
			return (true);
		}
	return (false);
}

/* Many records gone: which one is the next line? */
static bool
search_far(struct walk *w)
{
	size_t len = line_at(w, 0).len + CRYPTO_BLOCK_BYTES;

	for (uint64_t i = w->i + 1; i < w->n && w->far_bytes < FAR_BYTES_MAX; i++) {
		w->far_bytes += len;
		if (!meet(w, 0, i))
			continue;
		add_event(w, w->i, w->j, i - w->i, 0);
		w->i = i;
		return (true);
	}
	return (false);
}

/*
 * Pass over lines until one is the record at hand (lines were inserted), the
 * record as many further (records were modified), or the one that it is if
 * the rest is whole.
 */
static void
search_lost(struct walk *w)
{
	const struct audit_pass *pass = w->target->pass;
	uint64_t i = w->i, j = w->j, lines, rest;

	for (consume(w, true), fill(w); w->ahead > 0; consume(w, true), fill(w)) {
		uint64_t tries[3];

		lines = w->j - j;
		rest = pass->whole && pass->lines >= w->j ? pass->lines - w->j : 0;
		tries[0] = i;
		tries[1] = i + lines;
		tries[2] = rest > 0 && rest <= w->n && w->n - rest >= i ? w->n - rest : i;
		for (unsigned k = 0; k < 3; k++)
			if (meet(w, 0, tries[k])) {
				add_event(w, i, j, tries[k] - i, lines);
				w->i = tries[k];
				return;
			}
	}
	lines = w->j - j;
	rest = w->n - i;
	add_event(w, i, j, lines < rest ? lines : rest, lines);
	w->i = i + (lines < rest ? lines : rest);
}

/* Two bytes can be made to agree; the root of 256 leaves cannot. */
static void
check_block(struct walk *w)
{
	unsigned char root[2][32];
	size_t count;

	if (w->event_count > 0 || w->bad_block != AUDIT_NONE)
		return;
	count = seal_tree_add(&w->job->tree, (const unsigned char(*)[32])w->leaf, 1, root);
	if (count == 0 && w->i + 1 == w->n)
		count = (size_t)seal_tree_tail(&w->job->tree, root[0]);
	if (count == 0)
		return;
	if (memcmp(root[0], w->job->idx.data + 2 * w->n + 32 * w->blocks, 32) != 0)
		w->bad_block = w->blocks;
	w->blocks++;
}

static void
walk_lines(struct walk *w)
{
	for (fill(w); w->ahead > 0; fill(w)) {
		if (match_line(w, line_at(w, 0), w->i)) {
			check_block(w);
			consume(w, false);
			w->i++;
			w->matched++;
			continue;
		}
		if (w->event_count == EVENTS_MAX) {
			w->stopped = true;
			return;
		}
		if (!search_near(w) && !search_far(w))
			search_lost(w);
	}
	/* One of these may have moved.  What a damaged file ends before is told by tell_end. */
	if (w->i < w->n && w->target->pass->whole && w->event_count < EVENTS_MAX) {
		add_event(w, w->i, w->j, w->n - w->i, 0);
		w->i = w->n;
	}
}

/* ---- telling ---- */

static struct audit_place
place_of(const struct walk *w, uint64_t i, uint64_t j, uint64_t count)
{
	struct audit_place at = w->target->at;

	at.record = w->target->facts->first + i;
	at.line = j + 1;
	at.count = count;
	return (at);
}

static void
tell_event(const struct walk *w, const struct event *event)
{
	uint64_t both = event->records < event->lines ? event->records : event->lines;
	struct audit_list *list = w->target->list;
	struct audit_place at;

	if (both > 0) {
		at = place_of(w, event->i, event->j, both);
		audit_report(list, AUDIT_E_RECORD_MODIFIED, &at, "not the sealed record%s",
		    both > 1 ? "s" : "");
	}
	if (event->records > both) {
		at = place_of(w, event->i + both, event->j + both, event->records - both);
		audit_report(list, AUDIT_E_RECORD_MISSING, &at, "missing %s",
		    event->i + event->records == w->n ? "at the end" : "before this line");
	}
	if (event->lines > both) {
		at = place_of(w, event->i + both, event->j + both, event->lines - both);
		audit_report(list, AUDIT_E_RECORD_INSERTED, &at, "lines that were not sealed");
	}
}

/* Which of the kept lines are kept records of another place?  Only if all were kept. */
static void
find_moved(struct walk *w)
{
	if (w->damaged_lines > AUDIT_KEPT || w->damaged_records > AUDIT_KEPT)
		return;
	for (uint64_t a = 0; a < w->damaged_lines; a++) {
		struct span line = { w->job->kept[a], w->kept_len[a] };

		w->moved[a] = AUDIT_NONE;
		for (uint64_t b = 0; b < w->damaged_records && w->moved[a] == AUDIT_NONE; b++)
			if (!w->found[b] && match_line(w, line, w->kept_record[b])) {
				w->moved[a] = w->kept_record[b];
				w->found[b] = true;
				w->any_moved = true;
			}
	}
}

/* Are all its lines, kept from line on, and all its records, kept from record on, only moved? */
static bool
is_moved(const struct walk *w, const struct event *event, uint64_t line, uint64_t record)
{
	if (!w->any_moved)
		return (false);
	for (uint64_t a = line; a < line + event->lines; a++)
		if (w->moved[a] == AUDIT_NONE)
			return (false);
	for (uint64_t b = record; b < record + event->records; b++)
		if (!w->found[b])
			return (false);
	return (true);
}

static void
tell_events(const struct walk *w)
{
	uint64_t line = 0, record = 0;

	for (size_t k = 0; k < w->event_count; k++) {
		const struct event *event = &w->events[k];
		bool moved = is_moved(w, event, line, record);

		if (!moved)
			tell_event(w, event);
		for (uint64_t a = line; moved && a < line + event->lines; a++) {
			struct audit_place at = place_of(w, w->moved[a], w->kept_line[a], 1);

			audit_report(w->target->list, AUDIT_E_RECORD_REORDERED, &at,
			    "it was sealed as line %ju", (uintmax_t)w->moved[a] + 1);
		}
		line += event->lines;
		record += event->records;
	}
}

/* The end: records without lines, and what the reader said. */
static void
tell_end(const struct walk *w)
{
	const struct audit_pass *pass = w->target->pass;
	struct audit_place at = place_of(w, w->i, w->j, w->n - w->i);
	enum audit_code code = pass->torn ? AUDIT_E_TORN_LINE
	    : pass->whole                 ? AUDIT_E_RECORD_MISSING
					  : AUDIT_E_CONTAINER;

	if (w->i == w->n || w->stopped) {
		at.record = AUDIT_NONE;
		at.count = 1;
	}
	if (code != AUDIT_E_RECORD_MISSING)
		audit_report(w->target->list, code, &at, "%s%s", pass->text,
		    at.record == AUDIT_NONE ? "" : "; the rest is missing");
	else if (at.record != AUDIT_NONE)
		audit_report(w->target->list, code, &at, "missing at the end");
	if (w->stopped)
		w->target->list->suppressed++;
}

/* Hardly a record in its place: other records, or another salt. */
static bool
tell_stranger(const struct walk *w)
{
	const struct audit_pass *pass = w->target->pass;
	const struct seal_segment *facts = w->target->facts;
	struct audit_place at = place_of(w, 0, 0, w->n);
	char salt[STORE_PATH_BYTES];

	if (w->n < 2 || pass->lines < 2 || w->matched > w->n / 1024 || w->any_moved)
		return (false);
	if (pass->whole && pass->lines == w->n && pass->bytes == facts->bytes &&
	    pass->file_bytes == facts->file_size) {
		store_segment_path(salt, facts->seg, "salt");
		at.file = salt;
		at.line = AUDIT_NONE;
		audit_report(w->target->list, AUDIT_E_SALT, &at, "no record fits the salt");
	} else
		audit_report(w->target->list, AUDIT_E_SEGMENT_ROOT, &at,
		    "not one is a record of this segment");
	return (true);
}

static void
tell_block(const struct walk *w)
{
	struct audit_place at = w->target->at;
	uint64_t first = w->bad_block == AUDIT_NONE ? 0 : w->bad_block * SEAL_BLOCK;

	at.record = w->target->facts->first + first;
	at.count = w->bad_block == AUDIT_NONE ? w->n
	    : w->n - first < SEAL_BLOCK       ? w->n - first
					      : SEAL_BLOCK;
	audit_report(
	    w->target->list, AUDIT_E_SEGMENT_ROOT, &at, "one of these is not the sealed one");
}

void
audit_locate(struct audit_job *job, int fd, const struct audit_target *target)
{
	struct audit_list *list = target->list;
	struct walk *w = calloc(1, sizeof(*w));

	store_reader_begin(
	    job->reader, fd, target->facts->bytes + 2 * AUDIT_SPARE_BYTES, NULL, NULL);
	if (w == NULL) {
		list->failed = true;
		return;
	}
	w->job = job;
	w->target = target;
	w->n = target->facts->n;
	w->bad_block = AUDIT_NONE;
	for (unsigned k = 0; k < BLOCKS; k++)
		w->cache[k].block = AUDIT_NONE;
	seal_tree_init(&job->tree);
	walk_lines(w);
	find_moved(w);
	if (w->event_count == 0 && w->i == w->n && target->pass->whole)
		tell_block(w);
	else if (!tell_stranger(w)) {
		tell_events(w);
		tell_end(w);
	}
	free(w);
}
