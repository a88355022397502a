#include "app/key/epochs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/names.h"
#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/sha256.h"

#define LIST "epochs"
#define LIST_BYTES_MAX ((size_t)1 << 20)
#define NAME_BYTES 16
#define SUM_BYTES (7 + 64 + 1) /* "sha256:HEX" and LF, over all before it */

static const struct span label = SPAN("cretula epochs v2\n");
static const struct span sum_label = SPAN("sha256:");

int
app_epochs_of_ring(const struct key_ring *ring, struct app_epochs *out, struct err *e)
{
	struct key_ring_facts facts;

	key_ring_describe(ring, &facts);
	out->count = facts.epoch_count;
	if ((out->list = calloc(out->count + 1, sizeof(*out->list))) == NULL)
		return (err_sys(e, ERR_IO, "epochs"));
	for (size_t i = 0; i < out->count; i++)
		key_ring_epoch(ring, i, out->list[i].what, out->list[i].commitment);
	return (0);
}

bool
app_epochs_have(const struct app_epochs *all, const struct store_gone *one)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].what, one->what) == 0 &&
		    memcmp(all->list[i].commitment, one->commitment, 32) == 0)
			return (true);
	return (false);
}

/* "NAME HEX" */
static int
take_line(struct span line, struct store_gone *out)
{
	size_t len = span_find(line, ' '), got;

	if (len == 0 || len >= NAME_BYTES || len == line.len)
		return (-1);
	memcpy(out->what, line.ptr, len);
	out->what[len] = '\0';
	if (text_unhex(span_from(line, len + 1), out->commitment, 32, &got) == -1 || got != 32)
		return (-1);
	return (0);
}

/* A bit that turns must not make a live key a destroyed one, or hide one. */
static void
print_sum(struct span body, char sum[static SUM_BYTES + 1])
{
	unsigned char hash[32];

	crypto_sha256(body.ptr, body.len, hash);
	memcpy(sum, sum_label.ptr, sum_label.len);
	text_hex(sum + sum_label.len, hash, sizeof(hash));
	sum[SUM_BYTES - 1] = '\n';
}

/* All but the sum; empty if that is another. */
static struct span
checked(struct span text)
{
	struct span body = span_of(text.ptr, text.len < SUM_BYTES ? 0 : text.len - SUM_BYTES);
	char sum[SUM_BYTES + 1];

	print_sum(body, sum);
	if (!span_equal(span_from(text, body.len), span_of(sum, SUM_BYTES)))
		body.len = 0;
	return (body);
}

static int
parse_list(struct span text, struct app_epochs *out, struct err *e)
{
	struct span body = checked(text);
	struct span rest = span_from(body, label.len);

	if (!span_starts(body, label))
		return (err_set(e, ERR_CONFIG,
		    LIST " is damaged, or no list of epochs: put back a copy of it; without it "
			 "it stays unsaid which keys were destroyed meanwhile"));
	if ((out->list = calloc(text.len / 64 + 1, sizeof(*out->list))) == NULL)
		return (err_memory(e));
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

int
app_epochs_read(int fd, struct app_epochs *out, struct err *e)
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

int
app_epochs_write(int fd, const struct app_epochs *all, struct err *e)
{
	char sum[SUM_BYTES + 1];
	struct buf text = { 0 };
	int rc;

	buf_span(&text, label);
	for (size_t i = 0; i < all->count; i++) {
		buf_str(&text, all->list[i].what);
		buf_char(&text, ' ');
		buf_hex(&text, all->list[i].commitment, 32);
		buf_char(&text, '\n');
	}
	if (buf_ok(&text)) {
		print_sum(buf_view(&text), sum);
		buf_add(&text, sum, SUM_BYTES);
	}
	rc = buf_ok(&text) ? io_replace(fd, LIST, buf_view(&text), 0600, false, e)
			   : err_set(e, ERR_IO, "out of memory");
	buf_free(&text);
	return (rc);
}

bool
app_epochs_same(const struct app_epochs *a, const struct app_epochs *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++)
		same = app_epochs_have(b, &a->list[i]);
	return (same);
}

/* used becomes what is not in there. */
static void
leave_gone(struct app_epochs *used, const struct app_epochs *there)
{
	size_t kept = 0;

	for (size_t i = 0; i < used->count; i++)
		if (!app_epochs_have(there, &used->list[i]))
			used->list[kept++] = used->list[i];
	used->count = kept;
}

int
app_epochs_gone(int keys_fd, const char *stream, struct app_epochs *out, struct err *e)
{
	struct app_epochs there = { NULL, 0 };
	struct key_ring *ring = NULL;
	int fd = key_open_stream(keys_fd, stream, false, e), rc = -1;

	*out = (struct app_epochs){ NULL, 0 };
	if (fd == -1)
		return (-1);
	if (app_epochs_read(fd, out, e) == 0 && key_ring_open(keys_fd, &ring, e) == 0 &&
	    app_epochs_of_ring(ring, &there, e) == 0) {
		leave_gone(out, &there);
		rc = 0;
	}
	key_ring_free(ring);
	free(there.list);
	(void)close(fd);
	return (rc);
}

int
app_epochs_held(const struct store *s, int64_t now_us, const struct app_epochs *all, bool **held,
    struct buf *hold, struct err *e)
{
	char(*names)[NAME_BYTES] = calloc(all->count + 1, sizeof(*names));
	struct store_held_epochs ask = { .count = all->count, .hold = hold };
	int rc = -1;

	if (names == NULL || (*held = calloc(all->count + 1, sizeof(**held))) == NULL) {
		free(names);
		return (err_sys(e, ERR_IO, "epochs"));
	}
	for (size_t i = 0; i < all->count; i++)
		memcpy(names[i], all->list[i].what, NAME_BYTES);
	ask.names = (const char(*)[NAME_BYTES])names;
	ask.held = *held;
	rc = store_epochs_held(s, app_names(), now_us, &ask, e);
	free(names);
	if (rc == -1) {
		free(*held);
		*held = NULL;
	}
	return (rc);
}
