/*
 * Name the damaged records with .idx.
 *
 * A leaf is bound to its place by its salt, so line j is record i if, hashed
 * with salt i, it begins as .idx says of i: two bytes, and two more records
 * behind it agree.  The walk steps through lines and records together; where
 * they part it looks for the nearest pair at which they meet again.  All
 * searches are bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/locate/walk.h"

#define NEAR 32 /* lines and records that the near search tries */
#define FAR_BYTES_MAX ((uint64_t)1 << 30) /* hashed in searches through all the rest */
_Static_assert(NEAR + 3 < AUDIT_WINDOW, "the search never looks behind the window");

/* ---- lines ---- */

static void
next_run(struct audit_locate *w)
{
	if (store_reader_next(w->job->reader, &w->run, NULL) == -1)
		w->run.len = 0;
	w->bytes += w->run.len;
	if (w->run.len == 0 || w->bytes > w->target->facts->bytes + 2 * AUDIT_SPARE_BYTES)
		w->ended = true;
}

static void
fill(struct audit_locate *w)
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
line_at(const struct audit_locate *w, unsigned k)
{
	unsigned slot = (unsigned)((w->j + k) % AUDIT_WINDOW);

	return (span_of(w->job->window[slot], w->len[slot]));
}

static bool
is_placeholder(struct span line, unsigned char *leaf)
{
	enum seal_line kind = seal_line_read(line, leaf, NULL);

	return (kind == SEAL_LINE_ERASED || kind == SEAL_LINE_REPLACED);
}

/* Keep in mind that the line stands for a record, or wants to. */
static void
mark(struct audit_locate *w, struct span line)
{
	enum seal_line kind;

	if (w->mark_count == AUDIT_EVENTS_MAX)
		return;
	kind = seal_line_read(line, w->mark_leaf[w->mark_count], NULL);
	if (kind == SEAL_LINE_RECORD)
		return;
	w->mark_bad[w->mark_count] = kind == SEAL_LINE_BAD;
	w->marks[w->mark_count++] = w->j;
}

static void
consume(struct audit_locate *w, bool damaged)
{
	struct span line = line_at(w, 0);

	if (damaged)
		mark(w, line);
	if (damaged && w->damaged_lines < AUDIT_KEPT) {
		memcpy(w->job->moved[w->damaged_lines], line.ptr, line.len);
		w->kept_len[w->damaged_lines] = (uint32_t)line.len;
		w->kept_line[w->damaged_lines] = w->j;
	}
	w->damaged_lines += damaged;
	w->j++;
	w->ahead--;
}

/* ---- matching ---- */

static const unsigned char *
salt_of(struct audit_locate *w, uint64_t i)
{
	uint64_t block = i / AUDIT_SALTS;
	unsigned slot;

	for (slot = 0; slot < AUDIT_BLOCKS; slot++)
		if (w->cache[slot].block == block)
			return (w->cache[slot].salts[i % AUDIT_SALTS]);
	slot = w->victim++ % AUDIT_BLOCKS;
	w->cache[slot].block = block;
	audit_salts_run(w->target->salts, (uint32_t)(block * AUDIT_SALTS), AUDIT_SALTS,
	    w->cache[slot].salts, w->job->known, w->job->salt_memory);
	return (w->cache[slot].salts[i % AUDIT_SALTS]);
}

bool
audit_locate_match(struct audit_locate *w, struct span line, uint64_t i)
{
	struct crypto_message message = { .head_len = 17, .body = line };
	const struct seal_touched *t;

	if (i >= w->n)
		return (false);
	/* A placeholder carries its leaf; that of a touched record cannot be made again. */
	t = audit_touched(w->target->past, i);
	if (is_placeholder(line, w->leaf[0]))
		return (t != NULL ? memcmp(w->leaf[0], t->leaf, 32) == 0 :
				    memcmp(w->leaf[0], w->job->idx.data + 2 * i, 2) == 0);
	if (t != NULL)
		return (false);
	message.head[0] = 0;
	memcpy(message.head + 1, salt_of(w, i), 16);
	crypto_sha256_many(&message, 1, w->leaf);
	return (memcmp(w->leaf[0], w->job->idx.data + 2 * i, 2) == 0);
}

/* The line k ahead is record i, and so on for two more, where there are two more. */
static bool
meet(struct audit_locate *w, unsigned k, uint64_t i)
{
	for (unsigned c = 0; c < 3; c++) {
		if (k + c >= w->ahead || i + c >= w->n)
			return (c > 0);
		if (!audit_locate_match(w, line_at(w, k + c), i + c))
			return (false);
	}
	return (true);
}

/* ---- searching ---- */

static void
add_event(struct audit_locate *w, uint64_t i, uint64_t j, uint64_t records, uint64_t lines)
{
	w->events[w->event_count++] = (struct audit_event){ i, j, records, lines };
	for (uint64_t k = 0; k < records && w->damaged_records + k < AUDIT_KEPT; k++)
		w->kept_record[w->damaged_records + k] = i + k;
	w->damaged_records += records;
}

/* The nearest pair, by the sum of records and lines that are passed over. */
static bool
search_near(struct audit_locate *w)
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
search_far(struct audit_locate *w)
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
search_lost(struct audit_locate *w)
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
check_block(struct audit_locate *w)
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

/* The line is record i, or stands for it.  May it? */
static void
check_kept(struct audit_locate *w)
{
	struct audit_place at = w->target->at;
	enum audit_code code =
	    audit_kept_check(w->target->past, w->target->salts, w->i, line_at(w, 0));

	if (code == AUDIT_CODE_COUNT)
		return;
	at.record = w->target->facts->first + w->i;
	at.line = w->j + 1;
	audit_report(w->target->list, code, &at, "%s", audit_kept_text(code));
	w->told = true;
}

static void
walk_lines(struct audit_locate *w)
{
	for (fill(w); w->ahead > 0; fill(w)) {
		if (audit_locate_match(w, line_at(w, 0), w->i)) {
			check_block(w);
			check_kept(w);
			consume(w, false);
			w->i++;
			w->matched++;
			continue;
		}
		if (w->event_count == AUDIT_EVENTS_MAX) {
			w->stopped = true;
			return;
		}
		if (!search_near(w) && !search_far(w))
			search_lost(w);
	}
	/* One of these may have moved.  What a damaged file ends before is told by tell_end. */
	if (w->i < w->n && w->target->pass->whole && w->event_count < AUDIT_EVENTS_MAX) {
		add_event(w, w->i, w->j, w->n - w->i, 0);
		w->i = w->n;
	}
}

void
audit_locate(struct audit_job *job, int fd, const struct audit_target *target)
{
	struct audit_locate *w = calloc(1, sizeof(*w));

	store_reader_begin(
	    job->reader, fd, target->facts->bytes + 2 * AUDIT_SPARE_BYTES, NULL, NULL);
	if (w == NULL) {
		target->list->failed = true;
		return;
	}
	w->job = job;
	w->target = target;
	w->n = target->facts->n;
	w->bad_block = AUDIT_NONE;
	for (unsigned k = 0; k < AUDIT_BLOCKS; k++)
		w->cache[k].block = AUDIT_NONE;
	seal_tree_init(&job->tree);
	walk_lines(w);
	audit_locate_tell(w);
	free(w);
}
