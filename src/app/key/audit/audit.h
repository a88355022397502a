/*
 * app: cretula key audit: what a thief of each part could do with this store
 * now.  Every sentence is computed from what is there.
 */
#ifndef CRETULA_APP_KEY_AUDIT_H
#define CRETULA_APP_KEY_AUDIT_H

#include "app/key/live.h"

/* What one chain says of keys. */
struct app_audit_stream {
	char name[40];
	uint64_t records;       /* sealed */
	uint64_t linkable;      /* of these, of epochs whose keys are there */
	int64_t oldest_us;      /* of the linkable ones; INT64_MAX: none */
	uint64_t unlocked;      /* segments made while keys could be swapped out */
	uint64_t escrows;       /* how often a ratchet's key was given out */
	unsigned char seed[32]; /* of the last import */
	size_t seeds;           /* of imports that nobody called destroyed */
	bool signs;             /* its log key is in KEYS */
	bool running;           /* a process writes to it now */
};

struct app_audit {
	struct app_key_live live;
	struct buf findings, notes; /* a line each */
	struct app_audit_stream *streams;
	size_t stream_count;
	bool import_open;     /* KEYS holds the secret of an import */
	bool same_disk;       /* KEYS and STORE on one file system */
	bool has_recovery, swap;
	size_t used, grace, held, over; /* epochs */
	int64_t oldest_us;    /* of the epochs that are there; INT64_MAX: none */
};

/* One line; bytes that do not print become '?'. */
void app_audit_say(struct buf *lines, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* disk.c: modes and owners of dir and what is below it; names of secrets in wrong places. */
void app_audit_keys_tree(struct app_audit *a, const char *dir);
void app_audit_store_tree(struct app_audit *a, const char *dir);
/* The file systems that both are on. */
void app_audit_disks(struct app_audit *a);

/* chains.c: epochs and chains, once everything is open. */
int app_audit_epochs(struct app_audit *a, struct err *e);
int app_audit_chains(struct app_audit *a, struct err *e);

/* print.c */
void app_audit_text(const struct app_audit *a, struct buf *out);
void app_audit_json(const struct app_audit *a, struct buf *out);

#endif
