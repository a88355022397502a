/*
 * app: cretula init: from servers that run to a configuration, keys, and what
 * is left to do.  It looks, asks, and makes files that were not there; nothing
 * that is there is ever written to.
 */
#ifndef CRETULA_APP_INIT_INIT_H
#define CRETULA_APP_INIT_INIT_H

#include <stdbool.h>

#include "app/args.h"
#include "base/buf.h"
#include "base/span.h"
#include "config/config.h"

struct err;

#define INIT_LOGS_MAX 8 /* of one server */
#define INIT_SERVERS_MAX 12

/* A file that a server writes, and how. */
struct init_log {
	char path[CONFIG_PATH_BYTES];
	char name[CONFIG_NAME_BYTES]; /* of the stream */
	char format[CONFIG_NAME_BYTES]; /* "": by string */
	char string[PARSE_STRING_BYTES + 1]; /* the directive as the server has it */
};

enum init_way { INIT_NO, INIT_SOCKET, INIT_FILES, INIT_WAYS };
extern const char *const app_init_way_names[INIT_WAYS]; /* "no", "socket", "files" */

/* What is known of a kind of server. */
struct init_kind {
	const char *name;      /* as the folder of share/presets */
	const char *processes; /* blank-separated */
	const char *config;    /* that it is installed */
	const char *log;       /* where it writes if nothing else is said; "" */
	const char *format;    /* of log */
	/* The files that its configuration names, into logs; how many. */
	unsigned (*find)(struct init_log logs[static INIT_LOGS_MAX]);
};
extern const struct init_kind app_init_kinds[];
extern const unsigned app_init_kind_count;

/* One that is on this machine. */
struct init_server {
	const struct init_kind *kind;
	bool runs;
	enum init_way way;
	struct init_log logs[INIT_LOGS_MAX];
	unsigned log_count;
};

struct init_plan {
	struct init_server servers[INIT_SERVERS_MAX];
	unsigned server_count;
	const char *config, *user; /* user "": who we are */
	char store[CONFIG_PATH_BYTES], keys[CONFIG_PATH_BYTES];
	const char *recovery_out, *escrow_out; /* new files; NULL: none */
	bool plain_formats; /* a format string was not understood: auto */
};

/* ---- find.c, logs.c ---- */

/* Every server of this machine; way is what is best for it. */
void app_init_find(struct init_plan *plan);
unsigned app_init_logs_nginx(struct init_log logs[static INIT_LOGS_MAX]);
unsigned app_init_logs_apache(struct init_log logs[static INIT_LOGS_MAX]);
/* What a program prints, if it is there and ends with 0.  false: it is not so. */
bool app_init_ask_program(const char *const argv[], struct buf *out);

/* ---- ask.c ---- */

struct init_answers {
	bool yes;
	bool terminal; /* somebody can be asked */
	bool stored;   /* "stored: yes" in the file */
	enum init_way way[INIT_SERVERS_MAX]; /* by kind */
	bool given[INIT_SERVERS_MAX];
};

/* --yes and --answers FILE; -1: wrong, or nobody can be asked. */
int app_init_answers_read(const struct app_args *args, struct init_answers *a, struct err *e);
/* What becomes of each server: as answered, asked, or as is best. */
int app_init_ask_servers(const struct init_answers *a, struct init_plan *plan, struct err *e);
/* Until somebody says that the secrets are stored; false: nobody did. */
bool app_init_ask_stored(const struct init_answers *a);

/* ---- write.c ---- */

/* The configuration, commented. */
void app_init_config_print(const struct init_plan *plan, struct buf *out);
/* What each server is told, and the two commands to go on. */
void app_init_next_print(const struct init_plan *plan, struct buf *out);

/* A file of share/presets; NULL: there is none. */
struct init_preset {
	const char *server, *file, *text;
};
extern const struct init_preset app_init_presets[];
extern const unsigned app_init_preset_count;

/* ---- make.c ---- */

/* Is anything there that would have to be overwritten?  0, or -1. */
int app_init_free(const struct init_plan *plan, struct err *e);
/*
 * The text of the configuration is checked, then keys and store are made,
 * streams too if escrow is wanted, and last the configuration gets its name.
 * The auditor's line is added to anchor.  -1: *bad says whether it was the
 * text, and then nothing was made.
 */
int app_init_make(const struct init_plan *plan, const struct buf *text, struct buf *anchor,
    bool *bad, struct err *e);

#endif
