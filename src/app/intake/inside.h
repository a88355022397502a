/* app, inside: what the units of intake/ share. */
#ifndef CRETULA_APP_INTAKE_INSIDE_H
#define CRETULA_APP_INTAKE_INSIDE_H

#include <pthread.h>

#include "app/http/http.h"
#include "app/intake/intake.h"
#include "base/arena.h"
#include "crypto/hmac.h"
#include "input/tls.h"
#include "parse/body.h"

#define INTAKE_BODY_MAX ((size_t)16 << 20) /* as it comes, and unpacked */
#define INTAKE_POOL_BYTES ((size_t)64 << 20) /* of all that wait, as they came */
#define INTAKE_BLOCK_BYTES ((size_t)16 << 10)
#define INTAKE_TOKEN_MAX 512
#define INTAKE_ROUTES 3

struct intake_block {
	struct intake_block *next;
	char bytes[INTAKE_BLOCK_BYTES - sizeof(struct intake_block *)];
};

enum intake_packing { INTAKE_PLAIN, INTAKE_GZIP, INTAKE_ZSTD };

/* A body, from its head to its answer. */
struct intake_body {
	struct intake *in;
	struct intake_body *next; /* in the list that it is in */
	struct app_http_request *request;
	enum parse_body_kind kind;
	enum intake_packing packing;
	struct intake_block *first, *last;
	size_t len;
	bool has_key;
	uint64_t key; /* of the Idempotency-Key */
	int64_t since_ns; /* it is whole */
	uint64_t ticket;
};

struct intake_list {
	struct intake_body *first, *last;
};

struct intake_route {
	struct intake *in;
	enum parse_body_kind kind;
};

/* What was sent before: ids under a key of this process, when, and in which body. */
struct intake_seen {
	uint64_t id;
	uint32_t at_s; /* 0: this place is free */
	uint32_t ticket; /* its last bits */
};

struct intake {
	struct app_http_route routes[INTAKE_ROUTES];
	struct intake_route doors[INTAKE_ROUTES];
	unsigned route_count;
	unsigned connections;
	bool tls_wanted;
	struct input_tls_files files;
	char token_path[CONFIG_PATH_BYTES];
	struct app_http *server;
	struct input_tls *tls;
	size_t line_max;
	int fd; /* that the server listens on, or TLS in front of it */
	pthread_t thread;
	bool started;
	struct arena memory;
	char *packed, *plain; /* INTAKE_BODY_MAX each; of the thread, while nothing is current */
	size_t plain_peak;
	struct crypto_hmac_key id_key;
	struct arena seen_memory;
	struct intake_seen *seen; /* of the reader */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t to_thread, to_reader;
	struct intake_block *free;
	struct intake_block *fresh; /* never used so far: no page is there yet */
	size_t fresh_count, used; /* blocks: never used; of bodies now */
	int64_t busy_ns; /* when memory was used last; 0: there is none to give back */
	struct intake_list queue, taken;
	struct intake_body *current; /* its lines are being read */
	bool reading; /* the reader has begun with the current one */
	bool unpacking, stopping, quit;
	bool deserted; /* nobody reads, and nobody will before somebody mends it */
	uint64_t unsee_from, unsee_to; /* once nobody unpacks; alike: nothing */
	struct parse_body cutter; /* of the current one: the reader's */
	bool cutter_again; /* all of it came before */
	uint64_t cutter_id; /* by which that is known */
	uint64_t tickets, committed, forgotten;
	struct input_live_counts counts;
	char *token; /* INTAKE_TOKEN_MAX, secret */
	size_t token_len;
};

/* ---- door.c ---- */

extern const struct app_http_door app_intake_door;
void app_intake_pool(struct intake *in);
/* After a burst: pages go back once nobody has anything in them.  Under the lock. */
void app_intake_give_back(struct intake *in, int64_t now_ns);
/* Its blocks go back, wiped.  Under the lock. */
void app_intake_release(struct intake_body *body);
/* 0; -1 with e: the file of the token is not there, open to others, or holds none. */
int app_intake_token(struct intake *in, struct err *e);

/* ---- bodies.c ---- */

void app_intake_push(struct intake_list *list, struct intake_body *body);
void *app_intake_main(void *intake);

/* ---- unpack.c ---- */

/* What packed is, into INTAKE_BODY_MAX bytes at plain.  0 and *len; or a status. */
unsigned app_intake_unpack(
    enum intake_packing packing, struct span packed, char *plain, size_t *len);

/* ---- seen.c ---- */

#define INTAKE_SEEN_BYTES ((size_t)16 << 20)

uint64_t app_intake_id(const struct intake *in, struct span one, struct span other);
bool app_intake_seen(const struct intake *in, uint64_t id, int64_t now_ns);
/*
 * In the body that is unpacked or read now: its ticket is the next one.  What came before keeps
 * the ticket of its first one: that may be committed, and a retry of it lost.
 */
void app_intake_note(struct intake *in, uint64_t id, int64_t now_ns);
/* What came in bodies behind that ticket, to the other one, is lost: a retry of it is none. */
void app_intake_unsee(struct intake *in, uint64_t from, uint64_t to);
/*
 * The same of what is to be; if that is what the current one repeats, it is the first.  Under the
 * lock, while nobody unpacks or reads.
 */
void app_intake_settle(struct intake *in);

/* ---- given.c ---- */

/* Nothing is left of the plain bytes. */
void app_intake_drop_plain(struct intake *in);

#endif
