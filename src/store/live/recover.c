/*
 * What a crash left in open/.  Only two states are honest (docs/format.md
 * 12); they are sealed, the tail behind the last commit counted as untagged.
 * Anything else is an alarm: written to the chain, and nothing is touched.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/scan.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "record/record.h"
#include "store/live/ratchet.h"
#include "store/sweep.h"

#define TAGS_BYTES_MAX ((size_t)1 << 31)
#define WORDS_BYTES_MAX ((size_t)64 << 20)
#define OPEN_MAX 2 /* segments: one taking flushes, one being sealed */

/* One open segment, as it was found. */
struct look {
	struct live_open *o;
	struct buf tags;
	struct seal_tag tag;  /* of the last committed line */
	struct span state;    /* its state */
	bool torn;            /* bytes behind the last LF */
	uint64_t data_bytes;
};

struct recovering {
	struct store_live *l;
	struct look looks[OPEN_MAX];
	size_t count;
	uint64_t g;       /* the flush that should come next */
	bool uncommitted; /* a line behind the sector was met */
	bool look_only;   /* touch nothing */
	const char *alarm; /* a word */
	char cause[ERR_TEXT_BYTES]; /* "FILE: what is wrong with it", or "" */
	struct store_live_found *found;
};

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
		    sector->seg < f->number;

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
	if (last != NULL && !same_as_sector(r, last))
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

/* ---- the tail behind the last commit ---- */

/* How many of the lines are records; the first that is none ends the tail. */
static size_t
count_records(struct live_open *o, const struct live_hash *h, struct span run, size_t count)
{
	struct stats_counts *c = &o->state.counts;
	struct record_facts facts;
	uint32_t start = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		uint32_t end = h->ends[i];

		if (end - start > RECORD_BYTES_MAX || o->n + i == SEAL_RECORDS_MAX ||
		    o->state.off + end > SEAL_BYTES_MAX ||
		    record_peek(span_of(run.ptr + start, end - start - 1), &facts, NULL) == -1)
			break;
		c->lines++;
		c->in.parsed += facts.state == RECORD_PARSED;
		c->in.partial += facts.state == RECORD_PARTIAL;
		c->in.unparsed += facts.state == RECORD_UNPARSED;
		stats_counts_record(c, facts.status, facts.time_us);
		start = end;
	}
	return (i);
}

static int
take_tail(struct recovering *r, struct look *k, struct err *e)
{
	struct live_open *o = k->o;
	struct live_hash *h = r->l->hash;
	struct live_lines lines;
	struct span run;
	size_t count, good;
	uint64_t before = o->n;

	if (store_lines_open(&lines, o->data_fd, o->state.off, k->data_bytes, e) == -1)
		return (-1);
	do {
		if (store_lines_next(&lines, h, &count, &run, e) == -1) {
			store_lines_close(&lines);
			return (-1);
		}
		good = count_records(o, h, run, count);
		store_open_leaves(h, o->seed, o->n, run.ptr, good);
		(void)seal_tree_add(
		    &o->tree, (const unsigned char(*)[32])h->leaves, good, NULL);
		o->n += good;
		o->state.off += good == 0 ? 0 : h->ends[good - 1];
		r->found->lost += count - good;
	} while (count > 0 && good == count);
	store_lines_close(&lines);
	if (o->state.off < k->data_bytes && r->found->lost == 0)
		r->found->lost = 1; /* without an end */
	r->found->untagged = o->n - before;
	o->state.untagged += o->n - before;
	return (0);
}

/* Torn and uncommitted lines go; what is kept of the tail gets a flush of its own. */
static int
settle_tail(struct recovering *r, struct look *k, struct err *e)
{
	struct store_live *l = r->l;
	struct live_open *o = k->o;
	int rc = 0;

	if (take_tail(r, k, e) == -1)
		return (-1);
	if ((k->tags.len > o->tags_bytes &&
		io_truncate(o->tags_fd, (off_t)o->tags_bytes, e) == -1) ||
	    (k->data_bytes > o->state.off &&
		io_truncate(o->data_fd, (off_t)o->state.off, e) == -1))
		return (-1);
	if (r->found->untagged > 0) {
		l->at = o;
		rc = store_open_commit(l, o->state.off, e);
		l->at = NULL;
	}
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
	recover->reason = span_str("crash");
	recover->seg = o->number;
	recover->kept = o->n;
	recover->untagged = r->found->untagged;
	recover->lost = r->found->lost;
	rc = store_open_append(r->l, entry, e);
	free(entry);
	return (rc);
}

static int
seal_one(struct recovering *r, struct look *k, const unsigned char agg[32], struct err *e)
{
	struct store_live *l = r->l;
	struct live_open *o = k->o;
	size_t at;

	if (!o->flushed)
		return (store_open_remove(l, o->number, e));
	r->found->kept += o->n;
	memcpy(o->agg, agg, sizeof(o->agg));
	if (io_read_file(l->stream->store->words_fd, l->stream->name, WORDS_BYTES_MAX, &o->words,
		e) == -1 &&
	    errno != ENOENT)
		return (-1);
	o->words_count = scan_count_lines(buf_view(&o->words), SIZE_MAX, &at);
	return (store_open_seal(l, o, e));
}

static int
settle(struct recovering *r, struct err *e)
{
	struct look *newest = &r->looks[r->count - 1], *older = r->count == 2 ? newest - 1 : NULL;

	r->found->crashed = true;
	if (settle_tail(r, newest, e) == -1 || append_recover(r, newest->o, e) == -1)
		return (-1);
	if (older != NULL && seal_one(r, older, newest->o->before, e) == -1)
		return (-1);
	return (seal_one(r, newest, r->l->ratchet->a, e));
}

static int
judge(struct recovering *r, struct err *e)
{
	struct err why = { ERR_NONE, "" };

	if ((r->alarm = check_tags(r, &why)) != NULL)
		return (-1);
	for (size_t i = 0; i < r->count; i++)
		if (read_records(r, &r->looks[i], e) == -1)
			return (-1);
	return (r->count == 0 || r->look_only ? 0 : settle(r, e));
}

/* What a recover gave up and a crash left goes now: nothing was opened since. */
static int
finish_giving_up(struct store_live *l, struct err *e)
{
	bool given_up;

	if (store_open_given_up(l, &given_up, e) == -1)
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
	if (store_ratchet_load(r->l, &bad, e) == -1) {
		r->alarm = bad ? "ratchet" : NULL;
		return (-1);
	}
	if (find(r, r->l->ratchet, e) == -1)
		return (-1);
	return (judge(r, e));
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
	    (fresh && store_ratchet_begin(l, e) == -1))
		return (-1);
	return (store_open_start(l, how, fresh, e));
}
