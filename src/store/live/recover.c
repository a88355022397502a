/*
 * What a crash left in open/.  Only two states are honest (docs/format.md
 * 12); they are sealed, the tail behind the last commit counted as untagged.
 * Anything else is an alarm: written to the chain, and nothing is touched.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/scan.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "store/live/found.h"
#include "store/sweep.h"

#define TAGS_BYTES_MAX ((size_t)1 << 31)
/* ---- alarms ---- */

/* For good: this is more than a crash leaves. */
static int
alarm(struct recovering *r, const char *word, struct err *e)
{
	struct seal_entry *entry;
	struct seal_recover *recover;

	(void)err_set(e, ERR_CONFIG,
	    "alarm (%s): %.200s%sopen segment and ratchet are not what a crash leaves; what is "
	    "sealed "
	    "stays good, this stream takes no more records until `cretula recover` has given "
	    "them up",
	    word, r->cause, r->cause[0] == '\0' ? "" : "; ");
	if (store_open_alarmed(r->l) || (entry = calloc(1, sizeof(*entry))) == NULL)
		return (-1);
	entry->type = SEAL_RECOVER;
	recover = &entry->of.recover;
	recover->alarm = true;
	recover->reason = span_str(word);
	recover->seg = r->l->stream->segments + 1;
	(void)store_open_append(r->l, entry, NULL);
	free(entry);
	return (-1);
}

/* A failure to read: an alarm where the file says so, an error where the disk does. */
static int
bad_file(struct recovering *r, const char *word, struct err *e)
{
	if (e->code == ERR_IO)
		return (-1);
	r->alarm = word;
	(void)snprintf(r->cause, sizeof(r->cause), "%s", e->text);
	return (-1);
}

/* ---- looking ---- */

static int
look_at(struct recovering *r, struct look *k, uint64_t number, struct err *e)
{
	char path[STORE_PATH_BYTES];
	struct stat st;
	struct span all;

	if (store_open_reopen(r->l, number, &k->o, e) == -1)
		return (bad_file(r, "files", e));
	store_open_path(path, number, "tags");
	if (io_read_file(r->l->open_fd, path, TAGS_BYTES_MAX, &k->tags, e) == -1)
		return (bad_file(r, "files", e));
	if (fstat(k->o->data_fd, &st) == -1)
		return (err_sys(e, ERR_IO, "open/%08ju.data", (uintmax_t)number));
	k->data_bytes = (uint64_t)st.st_size;
	all = buf_view(&k->tags);
	k->torn = all.len > 0 && all.ptr[all.len - 1] != '\n';
	return (0);
}

static bool
is_empty(const struct store_live *l, uint64_t number, const char *suffix)
{
	char path[STORE_PATH_BYTES];
	struct stat st;

	store_open_path(path, number, suffix);
	if (fstatat(l->open_fd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (errno == ENOENT);
	return (S_ISREG(st.st_mode) && st.st_size == 0);
}

/* Without a sector that would know: by its files. */
static bool
never_flushed(const struct store_live *l, uint64_t number)
{
	return (is_empty(l, number, "tags") && is_empty(l, number, "data"));
}

/*
 * Only what is whole, or was about to be made whole: a segment of which no
 * flush was committed may lack files.
 */
static int
find(struct recovering *r, const struct seal_ratchet *sector, struct err *e)
{
	const unsigned all = STORE_OPEN_DATA | STORE_OPEN_TAGS | STORE_OPEN_SALT;
	uint64_t sealed = r->l->stream->segments;
	struct store_opens found;

	if (store_scan_open(r->l->stream->dirfd, &found, e) == -1)
		return (-1);
	for (size_t i = 0; i < found.count; i++) {
		const struct store_open_files *f = &found.list[i];
		bool newborn = i + 1 == found.count && f->files != all && sector != NULL &&
		    (r->l->ram ? never_flushed(r->l, f->number) : sector->seg < f->number);

		if (f->number <= sealed || newborn) {
			if (!r->look_only && store_open_remove(r->l, f->number, e) == -1)
				return (-1);
			continue;
		}
		if (f->files != all || f->number != sealed + 1 + r->count ||
		    r->count == OPEN_MAX || sector == NULL) {
			r->alarm = "files";
			return (-1);
		}
		if (look_at(r, &r->looks[r->count++], f->number, e) == -1)
			return (-1);
	}
	return (0);
}

/* ---- the lines of tags ---- */

static bool
walk_tags(struct recovering *r, struct look *k, struct err *e)
{
	struct span all = buf_view(&k->tags);
	struct live_open *o = k->o;
	struct seal_tags t;
	size_t whole;
	int got;

	whole = scan_last(all, '\n');
	whole = whole == all.len ? 0 : whole + 1;
	seal_tags_open(&t, span_of(all.ptr, whole), true);
	while ((got = seal_tags_next(&t, e)) == 1) {
		if (r->uncommitted || t.tag.g != r->g || t.tag.seg != o->number ||
		    t.tag.g > r->l->ratchet->g)
			return (false);
		if (t.tag.g == r->l->ratchet->g) {
			r->uncommitted = true;
			continue;
		}
		if (!o->flushed)
			o->g0 = t.tag.g;
		o->flushed = true;
		o->g = t.tag.g;
		o->n = t.tag.n;
		memcpy(o->root, t.tag.root, sizeof(o->root));
		o->tags_bytes = whole - t.rest.len;
		k->tag = t.tag;
		k->state = t.state;
		r->g++;
	}
	return (got == 0 && !(k->torn && r->uncommitted));
}

static bool
same_as_sector(const struct recovering *r, const struct look *k)
{
	const struct seal_ratchet *s = r->l->ratchet;
	unsigned char state[32];

	crypto_sha256(k->state.ptr, k->state.len, state);
	return (s->seg == k->o->number && s->n == k->o->n && s->off == k->o->state.off &&
	    memcmp(s->root, k->o->root, sizeof(s->root)) == 0 &&
	    memcmp(s->state, state, sizeof(state)) == 0);
}

/* The word of the alarm, or NULL. */
static const char *
check_tags(struct recovering *r, struct err *e)
{
	const struct look *last = NULL;

	for (size_t i = 0; i < r->count; i++) {
		struct look *k = &r->looks[i];
		bool newest = i + 1 == r->count;

		if (!walk_tags(r, k, e) || (!newest && (k->torn || !k->o->flushed)))
			return ("tags");
		if (!k->o->flushed)
			continue;
		if (seal_state_read(k->state, &r->l->names, &k->o->state, e) == -1)
			return ("tags");
		last = k;
	}
	if (r->g != r->l->ratchet->g)
		return ("tags");
	if (last != NULL && !r->l->ram && !same_as_sector(r, last))
		return ("ratchet");
	for (size_t i = 0; i < r->count; i++) {
		const struct look *k = &r->looks[i];
		uint64_t off = k->o->state.off;

		if (k->data_bytes < off || (i + 1 < r->count && k->data_bytes > off))
			return ("data");
	}
	return (NULL);
}

/* ---- the records ---- */

static int
read_records(struct recovering *r, struct look *k, struct err *e)
{
	struct live_open *o = k->o;
	struct live_hash *h = r->l->hash;
	struct live_lines lines;
	unsigned char root[32];
	struct span run;
	size_t count;
	int rc = -1;

	if (store_lines_open(&lines, o->data_fd, 0, o->state.off, e) == -1)
		return (-1);
	for (;;) {
		if (store_lines_next(&lines, h, &count, &run, e) == -1)
			goto out;
		if (count == 0 || o->tree.count + count > o->n)
			break;
		store_open_leaves(h, o->seed, o->tree.count, run.ptr, count);
		(void)seal_tree_add(
		    &o->tree, (const unsigned char(*)[32])h->leaves, count, NULL);
	}
	seal_tree_root(&o->tree, root);
	rc = 0;
	if (count != 0 || o->tree.count != o->n || lines.at != o->state.off ||
	    memcmp(root, o->root, sizeof(root)) != 0) {
		r->alarm = "records";
		rc = -1;
	}
out:
	store_lines_close(&lines);
	return (rc);
}

/* ---- sealing what was found ---- */

static int
append_recover(struct recovering *r, const struct live_open *o, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_recover *recover;
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_RECOVER;
	recover = &entry->of.recover;
	recover->reason = span_str(o->lost ? "ram" : "crash");
	recover->seg = o->number;
	recover->kept = o->n;
	recover->untagged = r->found->untagged;
	recover->lost = r->found->lost;
	rc = store_open_append(r->l, entry, e);
	free(entry);
	return (rc);
}

/* What is sealed must not vouch for what somebody else made of the vocabulary. */
static int
settle_words(
    struct store_live *l, struct buf *text, struct store_live_found *found, struct err *e)
{
	struct store_words_found now;

	if (store_words_settle(l->stream, text, &now, e) == -1)
		return (-1);
	if (now.refused != NULL)
		found->words = now;
	return (0);
}

static int
seal_one(struct recovering *r, struct look *k, const unsigned char agg[32], struct err *e)
{
	struct store_live *l = r->l;
	struct live_open *o = k->o;

	if (!o->flushed)
		return (store_open_remove(l, o->number, e));
	r->found->kept += o->n;
	memcpy(o->agg, agg, sizeof(o->agg));
	if (settle_words(l, &o->words, r->found, e) == -1)
		return (-1);
	return (store_open_seal(l, o, e));
}

static int
settle(struct recovering *r, struct err *e)
{
	struct look *newest = &r->looks[r->count - 1], *older = r->count == 2 ? newest - 1 : NULL;

	r->found->crashed = true;
	if (store_open_tail(r, newest, e) == -1)
		return (-1);
	r->found->ratchet_lost = newest->o->lost = r->l->ram && newest->o->flushed;
	if (append_recover(r, newest->o, e) == -1)
		return (-1);
	if (older != NULL && seal_one(r, older, newest->o->before, e) == -1)
		return (-1);
	return (seal_one(r, newest, r->l->ratchet->a, e));
}

/* Are flushes and records what a crash leaves? */
static int
judge(struct recovering *r, struct err *e)
{
	struct err why = { ERR_NONE, "" };

	if ((r->alarm = check_tags(r, &why)) != NULL)
		return (-1);
	for (size_t i = 0; i < r->count; i++)
		if (read_records(r, &r->looks[i], e) == -1)
			return (-1);
	return (0);
}

/* ---- a ratchet that was in memory ---- */

/* How many flushes are written, of all segments; *newest: of the newest. */
static uint64_t
count_flushes(const struct recovering *r, uint64_t *newest)
{
	uint64_t count = 0;
	size_t at;

	*newest = 0;
	for (size_t i = 0; i < r->count; i++) {
		struct span all = buf_view(&r->looks[i].tags);
		size_t whole = scan_last(all, '\n');

		whole = whole == all.len ? 0 : whole + 1;
		*newest = scan_count_lines(span_of(all.ptr, whole), SIZE_MAX, &at);
		count += *newest;
	}
	return (count);
}

/*
 * Key and aggregate are gone, and with them who could say how far the flushes
 * went.  What is there counts; of the last one the records may not all have
 * reached the disk.
 */
static int
judge_without(struct recovering *r, struct err *e)
{
	static const unsigned char none[32];
	uint64_t first = r->g, newest, count = count_flushes(r, &newest);
	const char *word;

	seal_ratchet_begin(r->l->ratchet, none, first + count);
	if (judge(r, e) == 0)
		return (0);
	word = r->alarm;
	if (word == NULL || newest == 0 ||
	    (strcmp(word, "data") != 0 && strcmp(word, "records") != 0))
		return (-1);
	for (size_t i = 0; i < r->count; i++)
		store_open_reset(r->looks[i].o);
	r->uncommitted = false;
	r->g = first;
	r->l->ratchet->g--;
	if (judge(r, e) == 0)
		return (0);
	r->alarm = r->alarm == NULL ? NULL : word;
	return (-1);
}

/* What a recover gave up and a crash left goes now: nothing was opened since. */
static int
finish_giving_up(struct store_live *l, struct err *e)
{
	bool given_up;

	if (store_open_session(l, &given_up, e) == -1)
		return (-1);
	return (given_up ? store_open_give_up(l, e) : 0);
}

static int
recover(struct recovering *r, bool *fresh, struct err *e)
{
	bool bad;
	int expected;

	*fresh = false;
	if (store_ratchet_settle(r->l, e) == -1 || finish_giving_up(r->l, e) == -1 ||
	    (expected = store_open_expected(r->l, &r->g, e)) == -1)
		return (-1);
	*fresh = expected == 1;
	if (*fresh)
		return (find(r, NULL, e));
	if (!r->l->ram && store_ratchet_load(r->l, &bad, e) == -1) {
		r->alarm = bad ? "ratchet" : NULL;
		return (-1);
	}
	if (find(r, r->l->ratchet, e) == -1 ||
	    (r->l->ram ? judge_without(r, e) : judge(r, e)) == -1)
		return (-1);
	return (r->count == 0 || r->look_only ? 0 : settle(r, e));
}

static void
free_looks(struct recovering *r)
{
	for (size_t i = 0; i < r->count; i++) {
		store_open_free(r->looks[i].o);
		buf_free(&r->looks[i].tags);
	}
}

int
store_open_settle(
    struct store_live *l, struct store_live_found *found, bool *fresh, struct err *e)
{
	struct recovering r = { .l = l, .found = found };
	struct err why = { ERR_NONE, "" };
	int rc = recover(&r, fresh, &why);

	free_looks(&r);
	if (rc == -1 && r.alarm != NULL)
		return (alarm(&r, r.alarm, e));
	if (rc == -1 && e != NULL)
		*e = why;
	return (rc);
}

int
store_open_judge(struct store_live *l, const char **word, struct err *e)
{
	struct store_live_found found = { .crashed = false };
	struct recovering r = { .l = l, .found = &found, .look_only = true };
	struct err why = { ERR_NONE, "" };
	bool fresh;
	int rc = recover(&r, &fresh, &why);

	free_looks(&r);
	*word = r.alarm;
	if (rc == -1 && e != NULL)
		*e = why;
	return (rc == -1 && r.alarm == NULL ? -1 : 0);
}

int
store_open_recover(struct store_live *l, const struct store_live_options *how,
    struct store_live_found *found, struct err *e)
{
	bool fresh;

	if (store_open_settle(l, found, &fresh, e) == -1 ||
	    settle_words(l, &l->words, found, e) == -1)
		return (-1);
	return (store_open_start(l, how, fresh, e));
}

int
store_live_words(struct store_live *l, struct buf *text, struct err *e)
{
	buf_span(text, buf_view(&l->words));
	buf_free(&l->words);
	return (buf_ok(text) ? 0 : err_set(e, ERR_IO, "out of memory"));
}
