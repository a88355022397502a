/* Of a live stream segments are pruned or held, and records erased, while it takes more. */
#include "store/erase/inside.h"
#include "store/live/inside.h"
#include "store/writer.h"

int
store_live_look(struct store_live *l, store_live_looks *look, void *arg, struct err *e)
{
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = look(arg, store_writer_chain(l->stream->writer), e);
	pthread_mutex_unlock(&l->lock);
	return (rc == -1 ? err_in(e, "stream %s", l->stream->name) : rc);
}

int
store_live_append_aside(struct store_live *l, struct seal_entry *entry, struct err *e)
{
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = store_writer_append(l->stream->writer, entry, false, e);
	pthread_mutex_unlock(&l->lock);
	return (rc == 0 ? 0 : err_in(e, "stream %s", l->stream->name));
}

/* Under the lock: nobody else appends, and what is held is known.  *is_signed: it is there. */
static int
sign(struct store_live *l, const struct store_prune_order *order, struct store_erase_known *known,
    uint64_t *entry, bool *is_signed, struct err *e)
{
	struct store_eraser *x = NULL;
	int rc = -1;

	pthread_mutex_lock(&l->lock);
	if (store_eraser_open(l->stream, &x, e) == 0 && store_prune_sign(x, order, e) == 0) {
		*entry = store_writer_count(l->stream->writer) - 1;
		*is_signed = l->left = true;
		rc = store_erase_know(l->stream, known, e);
	}
	pthread_mutex_unlock(&l->lock);
	store_eraser_close(x);
	return (rc);
}

/* All files at once, of whatever went before, too. */
static int
settle(struct store_live *l, struct store_erase_known *known, struct err *e)
{
	if (store_erase_settle(l->stream, known, e) == -1)
		return (-1);
	l->left = false;
	return (0);
}

int
store_live_prune(
    struct store_live *l, const struct store_prune_order *order, uint64_t *entry, struct err *e)
{
	struct store_erase_known known = { .list = { 0 } };
	bool is_signed = false;
	int rc = sign(l, order, &known, entry, &is_signed, e);

	if (rc == 0)
		rc = settle(l, &known, e);
	if (rc == -1 && is_signed)
		(void)err_in(e, "signed, but the daemon must remove what is left");
	store_erase_forget(&known);
	return (rc == 0 ? 0 : err_in(e, "stream %s", l->stream->name));
}

bool
store_live_left(const struct store_live *l)
{
	return (l->left);
}

int
store_live_settle(struct store_live *l, struct err *e)
{
	struct store_erase_known known = { .list = { 0 } };
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = store_erase_know(l->stream, &known, e);
	pthread_mutex_unlock(&l->lock);
	if (rc == 0)
		rc = settle(l, &known, e);
	store_erase_forget(&known);
	return (rc == 0 ? 0 : err_in(e, "stream %s", l->stream->name));
}

int
store_live_keys_fd(const struct store_live *l)
{
	return (store_keys_fd(l->stream->store));
}

int
store_live_add_hold(
    struct store_live *l, const struct store_hold_order *order, uint64_t *entry, struct err *e)
{
	struct store_eraser *x = NULL;
	int rc = -1;

	pthread_mutex_lock(&l->lock);
	if (store_eraser_open(l->stream, &x, e) == 0)
		rc = store_hold(x, order, entry, e);
	pthread_mutex_unlock(&l->lock);
	store_eraser_close(x);
	return (rc);
}

int
store_live_end_hold(
    struct store_live *l, const struct store_release_order *order, uint64_t *entry, struct err *e)
{
	struct store_eraser *x = NULL;
	int rc = -1;

	pthread_mutex_lock(&l->lock);
	if (store_eraser_open(l->stream, &x, e) == 0)
		rc = store_release(x, order, entry, e);
	pthread_mutex_unlock(&l->lock);
	store_eraser_close(x);
	return (rc);
}

int
store_live_erase(
    struct store_live *l, const struct store_erase_order *order, uint64_t *entry, struct err *e)
{
	struct store_eraser *x = NULL;
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = store_eraser_open(l->stream, &x, e);
	pthread_mutex_unlock(&l->lock);
	if (rc == 0) {
		x->lock = &l->lock;
		rc = store_erase(x, order, entry, e);
		l->left |= x->left;
	}
	store_eraser_close(x);
	return (rc);
}
