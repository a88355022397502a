/* app: the live epochs that key list, rotate, destroy and audit look at. */
#ifndef CRETULA_APP_KEY_LIVE_H
#define CRETULA_APP_KEY_LIVE_H

#include "app/args.h"
#include "app/key/epochs.h"
#include "base/buf.h"
#include "config/config.h"

#define APP_KEY_STREAMS_MAX 256

/* A stream of KEYS, and the epochs that it may have used. */
struct app_key_stream {
	char name[40];
	struct app_epochs used;
};

struct app_key_live {
	struct config *config;
	const char *keys_path, *store_path; /* store_path NULL: none was named */
	char beside[CONFIG_PATH_BYTES + 8]; /* STORE.keys */
	struct store *store;
	int keys_fd;
	struct key_ring *ring;
	struct app_epochs all;
	bool *held;                         /* of each of all; NULL without a store */
	struct buf hold;                    /* one of the holds, as text */
	struct app_key_stream *streams;
	size_t stream_count;
	int64_t now_us;
	bool sure;                          /* may what cannot be undone be done by this clock? */
	int64_t grace_us[KEY_PERIOD_COUNT]; /* the shortest of any stream */
};

/* What --config, --keys and --store name; store: it must be named. */
int app_key_live_open(const struct app_args *args, bool store, struct app_key_live *l,
    struct err *e);
/* The same in two steps: the paths; what is there. */
int app_key_live_find(const struct app_args *args, bool store, struct app_key_live *l,
    struct err *e);
int app_key_live_load(struct app_key_live *l, struct err *e);
void app_key_live_close(struct app_key_live *l);

/* The i-th epoch: what becomes of it. */
enum app_key_state {
	APP_KEY_USED,  /* the newest of an epoch that is not over */
	APP_KEY_GRACE, /* ended; destroyed when its grace is over */
	APP_KEY_OVER,  /* its grace is over: the next turn of a pipe destroys it */
	APP_KEY_HELD   /* ended, and kept by a hold */
};
enum app_key_state app_key_state(const struct app_key_live *l, size_t i,
    struct key_epoch_times *times);
/* Until when its grace is, by the shortest of any stream. */
int64_t app_key_until_us(const struct app_key_live *l, const struct key_epoch_times *times);

#endif
