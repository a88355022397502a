#include "store/erase/out.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "crypto/sha256.h"
#include "store/sweep.h"

#define SLOTS 4 /* one is filled, two are compressed, one waits */
#define PACKED_BYTES (STORE_FRAME_BYTES + STORE_FRAME_BYTES / 256 + 256)

/* In this order.  Slots are written by the thread, as they were handed over. */
enum stage {
	SLOT_EMPTY,
	SLOT_LINES, /* handed over, nobody compresses it yet */
	SLOT_TAKEN, /* somebody does */
	SLOT_PACKED /* its bytes are there */
};

struct slot {
	enum stage stage; /* not the maker's from SLOT_LINES on */
	struct store_frame size;
	struct store_erase_frame frame;
	char bytes[PACKED_BYTES];
};

struct store_erase_out {
	int fd;
	unsigned at; /* the slot that is filled */
	bool begun; /* it is the maker's */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool threaded, end; /* is there one?  No more slots come */
	/* the thread's, while there is one */
	bool failed; /* nothing more is written, because of why */
	struct err why;
	struct store_compressor *compressor, *own; /* the thread's; the maker's */
	struct crypto_sha256 hash;
	uint64_t size;
	struct buf table, counts;
	struct slot slots[SLOTS];
};

/* ---- one slot ---- */

static void
pack_slot(struct store_compressor *c, struct slot *slot)
{
	struct store_part part = { .lines = slot->frame.lines,
		.ends = slot->frame.ends,
		.count = slot->frame.count,
		.packed = slot->bytes,
		.frames = &slot->size };

	store_compress(c, &part);
	assert(part.frame_count == 1);
}

static int
write_slot(struct store_erase_out *o, struct slot *slot, struct err *e)
{
	const uint32_t count = (uint32_t)slot->frame.count;

	store_table_add(&o->table, &slot->size, 1);
	buf_add(&o->counts, &count, sizeof(count));
	crypto_sha256_add(&o->hash, slot->bytes, slot->size.compressed);
	o->size += slot->size.compressed;
	return (io_write(o->fd, slot->bytes, slot->size.compressed, e));
}

static void
set_stage(struct store_erase_out *o, struct slot *slot, enum stage stage)
{
	pthread_mutex_lock(&o->lock);
	slot->stage = stage;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

/* ---- in the thread ---- */

/* The next in order, once it is there: *stage is what it was, and it is taken.  false: no more. */
static bool
await_slot(struct store_erase_out *o, struct slot *slot, enum stage *stage)
{
	pthread_mutex_lock(&o->lock);
	while (slot->stage == SLOT_TAKEN || (slot->stage == SLOT_EMPTY && !o->end))
		pthread_cond_wait(&o->changed, &o->lock);
	*stage = slot->stage;
	if (*stage == SLOT_LINES)
		slot->stage = SLOT_TAKEN;
	pthread_mutex_unlock(&o->lock);
	return (*stage != SLOT_EMPTY);
}

/* What was handed over is empty again, whether it could be written or not. */
static void
do_slot(struct store_erase_out *o, struct slot *slot, enum stage stage)
{
	bool failed = o->failed;

	if (!failed) {
		if (stage == SLOT_LINES)
			pack_slot(o->compressor, slot);
		failed = write_slot(o, slot, &o->why) == -1;
	}
	pthread_mutex_lock(&o->lock);
	o->failed = failed;
	slot->stage = SLOT_EMPTY;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

static void *
write_all(void *arg)
{
	struct store_erase_out *o = arg;
	enum stage stage;

	for (unsigned i = 0; await_slot(o, &o->slots[i], &stage); i = (i + 1) % SLOTS)
		do_slot(o, &o->slots[i], stage);
	return (NULL);
}

/* ---- outside of it ---- */

/*
 * Compress one that waits; the one that comes next is mostly the thread's.  Locked before
 * and behind.  false: none does.
 */
static bool
help(struct store_erase_out *o)
{
	for (unsigned i = 1; i < SLOTS; i++) {
		struct slot *slot = &o->slots[(o->at + i) % SLOTS];

		if (slot->stage != SLOT_LINES)
			continue;
		slot->stage = SLOT_TAKEN;
		pthread_mutex_unlock(&o->lock);
		pack_slot(o->own, slot);
		set_stage(o, slot, SLOT_PACKED);
		pthread_mutex_lock(&o->lock);
		return (true);
	}
	return (false);
}

/* What was handed over is written, or nothing more will be. */
static void
join(struct store_erase_out *o)
{
	if (!o->threaded)
		return;
	pthread_mutex_lock(&o->lock);
	o->end = true;
	pthread_cond_broadcast(&o->changed);
	while (help(o))
		;
	pthread_mutex_unlock(&o->lock);
	(void)pthread_join(o->thread, NULL);
	o->threaded = false;
}

int
store_erase_out_open(struct store_erase_out **o, int dirfd, const char *path, struct err *e)
{
	struct store_erase_out *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (err_memory(e));
	made->fd = -1;
	assert(store_compress_bound(STORE_FRAME_BYTES) <= PACKED_BYTES);
	crypto_sha256_init(&made->hash);
	(void)pthread_mutex_init(&made->lock, NULL);
	(void)pthread_cond_init(&made->changed, NULL);
	if (store_compressor_open(1, &made->compressor, e) == -1 ||
	    store_compressor_open(1, &made->own, e) == -1 ||
	    (made->fd = store_make_file(dirfd, path, e)) == -1) {
		store_erase_out_close(made);
		return (-1);
	}
	/* Without one it is done here. */
	made->threaded = pthread_create(&made->thread, NULL, write_all, made) == 0;
	*o = made;
	return (0);
}

void
store_erase_out_close(struct store_erase_out *o)
{
	if (o == NULL)
		return;
	join(o);
	(void)pthread_cond_destroy(&o->changed);
	(void)pthread_mutex_destroy(&o->lock);
	if (o->fd != -1)
		(void)close(o->fd);
	store_compressor_close(o->compressor);
	store_compressor_close(o->own);
	buf_free(&o->table);
	buf_free(&o->counts);
	free(o);
}

/* The slot at hand is empty; -1: what was handed over could not be written. */
static int
begin(struct store_erase_out *o, struct slot **slot, struct err *e)
{
	bool failed;

	*slot = &o->slots[o->at];
	if (o->begun)
		return (0);
	pthread_mutex_lock(&o->lock);
	while ((*slot)->stage != SLOT_EMPTY)
		if (!help(o))
			pthread_cond_wait(&o->changed, &o->lock);
	failed = o->failed;
	pthread_mutex_unlock(&o->lock);
	if (failed)
		return (err_set(e, o->why.code, "%s", o->why.text));
	(*slot)->frame.len = (*slot)->frame.count = 0;
	o->begun = true;
	return (0);
}

static void
hand_over(struct store_erase_out *o, enum stage stage)
{
	struct slot *slot = &o->slots[o->at];

	if (o->threaded)
		set_stage(o, slot, stage);
	else
		do_slot(o, slot, stage);
	o->at = (o->at + 1) % SLOTS;
	o->begun = false;
}

int
store_erase_out_frame(struct store_erase_out *o, struct store_erase_frame **frame, struct err *e)
{
	struct slot *slot;

	if (begin(o, &slot, e) == -1)
		return (-1);
	*frame = &slot->frame;
	return (0);
}

void
store_erase_out_end_frame(struct store_erase_out *o)
{
	if (o->begun && o->slots[o->at].frame.count > 0)
		hand_over(o, SLOT_LINES);
}

int
store_erase_out_copy(
    struct store_erase_out *o, struct span packed, uint32_t len, uint32_t count, struct err *e)
{
	struct slot *slot;

	assert(packed.len <= PACKED_BYTES);
	if (begin(o, &slot, e) == -1)
		return (-1);
	assert(slot->frame.count == 0);
	memcpy(slot->bytes, packed.ptr, packed.len);
	slot->size = (struct store_frame){ (uint32_t)packed.len, len };
	slot->frame.count = count;
	hand_over(o, SLOT_PACKED);
	return (0);
}

int
store_erase_out_finish(
    struct store_erase_out *o, uint64_t *size, struct store_rewritten *made, struct err *e)
{
	struct buf table = { 0 };
	int rc = -1, fd = o->fd;

	store_erase_out_end_frame(o);
	join(o);
	store_table_print(&o->table, &table);
	if (o->failed)
		(void)err_set(e, o->why.code, "%s", o->why.text);
	else if (!buf_ok(&o->table) || !buf_ok(&o->counts) || !buf_ok(&table))
		(void)err_memory(e);
	else if (io_write(fd, table.data, table.len, e) == 0 && io_fsync(fd, e) == 0) {
		o->fd = -1;
		rc = io_close(fd, e);
	}
	if (rc == 0) {
		*size = o->size + table.len;
		crypto_sha256_add(&o->hash, table.data, table.len);
		crypto_sha256_end(&o->hash, made->hash);
		buf_free(&made->counts);
		made->counts = o->counts;
		o->counts = (struct buf){ 0 }; /* handed over */
	}
	buf_free(&table);
	return (rc);
}
