/*
 * app: the live epochs of a pipe.  KEYS/NAME/epochs lists those that this
 * stream may have used: one that is on the list and no more in the ring was
 * destroyed, by whomever and whenever, and the chain says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/pipe/pipe.h"
#include "base/io.h"
#include "base/text.h"
#include "store/store.h"

#define LIST "epochs"
#define LIST_BYTES_MAX ((size_t)1 << 20)
#define NAME_BYTES 16

static const struct span label = SPAN("cretula epochs v1\n");
static const int64_t for_ever[KEY_PERIOD_COUNT] = { INT64_C(1) << 60, INT64_C(1) << 60,
	INT64_C(1) << 60 };

struct epoch {
	char name[NAME_BYTES];
	unsigned char commitment[32];
};

struct epochs {
	struct epoch *list;
	size_t count;
};

void
app_pipe_epochs(const struct mask_policy *policy, int64_t now_us, struct buf *out)
{
	struct mask_epochs all;

	mask_epochs_clear(&all);
	for (int c = 0; c < RECORD_CLASS_COUNT; c++)
		mask_epochs_add(&all, (enum record_class)c,
		    key_epoch_index(policy->epoch[c], now_us));
	mask_epochs_print(&all, policy, out);
}

static int
list_ring(const struct key_ring *ring, struct epochs *out, struct err *e)
{
	struct key_ring_facts facts;

	key_ring_describe(ring, &facts);
	out->count = facts.epoch_count;
	if ((out->list = calloc(out->count + 1, sizeof(*out->list))) == NULL)
		return (err_sys(e, ERR_IO, "epochs"));
	for (size_t i = 0; i < out->count; i++)
		key_ring_epoch(ring, i, out->list[i].name, out->list[i].commitment);
	return (0);
}

static bool
has(const struct epochs *all, const struct epoch *one)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].name, one->name) == 0 &&
		    memcmp(all->list[i].commitment, one->commitment, 32) == 0)
			return (true);
	return (false);
}

/* "NAME HEX" */
static int
take_line(struct span line, struct epoch *out)
{
	size_t len = span_find(line, ' '), got;

	if (len == 0 || len >= NAME_BYTES || len == line.len)
		return (-1);
	memcpy(out->name, line.ptr, len);
	out->name[len] = '\0';
	if (text_unhex(span_from(line, len + 1), out->commitment, 32, &got) == -1 || got != 32)
		return (-1);
	return (0);
}

static int
parse_list(struct span text, struct epochs *out, struct err *e)
{
	struct span rest = span_starts(text, label) ? span_from(text, label.len) : text;

	if (rest.ptr == text.ptr ||
	    (out->list = calloc(text.len / 64 + 1, sizeof(*out->list))) == NULL)
		return (err_set(e, ERR_CONFIG, LIST ": not a list of epochs"));
	while (rest.len > 0) {
		size_t len = span_find(rest, '\n');

		if (len == rest.len ||
		    take_line(span_of(rest.ptr, len), &out->list[out->count]) == -1)
			return (err_set(e, ERR_CONFIG, LIST ": not a list of epochs"));
		out->count++;
		rest = span_from(rest, len + 1);
	}
	return (0);
}

static int
read_list(int fd, struct epochs *out, struct err *e)
{
	struct buf text = { 0 };
	int rc = io_read_file(fd, LIST, LIST_BYTES_MAX, &text, e);

	if (rc == 0)
		rc = parse_list(buf_view(&text), out, e);
	else if (errno == ENOENT)
		rc = 0;
	buf_free(&text);
	return (rc);
}

static int
write_list(int fd, const struct epochs *all, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	buf_span(&text, label);
	for (size_t i = 0; i < all->count; i++) {
		buf_str(&text, all->list[i].name);
		buf_char(&text, ' ');
		buf_hex(&text, all->list[i].commitment, 32);
		buf_char(&text, '\n');
	}
	rc = buf_ok(&text) ? io_replace(fd, LIST, buf_view(&text), 0600, false, e)
			   : err_set(e, ERR_IO, "out of memory");
	buf_free(&text);
	return (rc);
}

static int
append_destroy(struct store_live *live, const struct epoch *gone, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_DESTROY;
	entry->of.destroy.what = span_str(gone->name);
	memcpy(entry->of.destroy.commitment, gone->commitment, 32);
	rc = store_live_append(live, entry, e);
	free(entry);
	return (rc);
}

/* One entry for each of before that after does not have. */
static int
say_destroyed(struct store_live *live, const struct epochs *before, const struct epochs *after,
    struct err *e)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct epoch *one = &before->list[i];

		if (has(after, one) ||
		    store_live_says_destroyed(live, one->name, one->commitment))
			continue;
		if (append_destroy(live, one, e) == -1)
			return (-1);
	}
	return (0);
}

static bool
is_same(const struct epochs *a, const struct epochs *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++)
		same = has(b, &a->list[i]);
	return (same);
}

int
app_pipe_turn(struct app_pipe *p, int64_t now_us, struct err *e)
{
	struct epochs before = { NULL, 0 }, known = { NULL, 0 }, after = { NULL, 0 };
	const int64_t *grace_us = app_clock_is_sure(&p->clock) ? p->grace_us : for_ever;
	unsigned destroyed;
	int fd = key_open_stream(store_keys_fd(p->how.store), p->how.name, false, e), rc = -1;

	if (fd == -1)
		return (-1);
	if (read_list(fd, &known, e) == 0 && list_ring(p->ring, &before, e) == 0 &&
	    key_ring_live(p->ring, now_us, grace_us, &destroyed, e) == 0 &&
	    list_ring(p->ring, &after, e) == 0 &&
	    say_destroyed(p->live, &known, &after, e) == 0 &&
	    say_destroyed(p->live, &before, &after, e) == 0)
		rc = is_same(&known, &after) ? 0 : write_list(fd, &after, e);
	free(before.list);
	free(known.list);
	free(after.list);
	(void)close(fd);
	return (rc);
}
