/*
 * config: words to option structs.  YAML 1.1 by libyaml, read through one
 * table of options (options.c), which also makes defaults, `check --explain`,
 * manual and schema.  All errors of a file in one run, each with
 * file:line:col, a caret and a suggestion.
 */
#ifndef CRETULA_CONFIG_CONFIG_H
#define CRETULA_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/second.h"
#include "input/live.h"
#include "input/tls.h"
#include "mask/policy.h"
#include "parse/json/map.h"
#include "parse/string/string.h"
#include "retain/retain.h"
#include "seal/note.h"

struct err;

#define CONFIG_USUAL "/etc/cretula/cretula.yaml" /* what is meant if no file is named */
#define CONFIG_STREAMS_MAX 64
#define CONFIG_ROUTES_MAX 16
#define CONFIG_NAME_BYTES 64
#define CONFIG_ROLES_MAX 32
#define CONFIG_APPROVERS_MAX 16
#define CONFIG_HASH_BYTES 72 /* of a token, as serve/token.h prints it */
#define CONFIG_SEAL_BYTES 72 /* of a public key as key/sealkey.h prints it */

/* Where lines lie unmasked before they come. */
enum config_raw_at_rest {
	CONFIG_RAW_AUTO,
	CONFIG_RAW_NONE,
	CONFIG_RAW_TMPFS,
	CONFIG_RAW_DISK, /* a file of this machine */
	CONFIG_RAW_NODE  /* a file that others share, of a Kubernetes node */
};

struct config_stream {
	char name[CONFIG_NAME_BYTES];
	char format[CONFIG_NAME_BYTES];  /* "auto" if not given */
	char format_string[PARSE_STRING_BYTES + 1]; /* "" if not given */
	char timezone[CONFIG_NAME_BYTES]; /* "" if not given */
	unsigned format_dialect;         /* enum parse_string_dialect */
	struct parse_json_map map;       /* of formats in JSON */
	struct mask_policy policy;       /* defaults, over them mask:, words: ... */
	char routes[CONFIG_ROUTES_MAX][CONFIG_PATH_BYTES]; /* relative to the file */
	char openapi[CONFIG_ROUTES_MAX][CONFIG_PATH_BYTES]; /* words.h */
	char docroot[CONFIG_ROUTES_MAX][CONFIG_PATH_BYTES];
	unsigned route_count, openapi_count, docroot_count;
	struct config_archive archive;
	int64_t grace_us[3];             /* by enum key_period */
	bool ratchet_ram;                /* else in its sector; format.md 12 */
	char rotate[CONFIG_NAME_BYTES];  /* never, daily, weekly, monthly, a size from 1M */
	char rotate_zone[CONFIG_NAME_BYTES]; /* "": UTC */
	int64_t seal_every_us;
	struct retain_policy retain;     /* checked */
	uint64_t line_max;               /* limits.line */
	uint64_t rate;                   /* limits.rate; 0: none */
	struct input_place input;        /* of `run`; INPUT_PIPE: fed by `pipe` */
	unsigned after_read;             /* enum input_after_read */
	unsigned raw_at_rest;            /* enum config_raw_at_rest */
	unsigned connections;            /* limits.connections */
	struct input_tls_files tls;      /* of tls and http; "" if not given */
	char token[CONFIG_PATH_BYTES];   /* file of the bearer token of http; "" if not given */
	unsigned line;                   /* where it stands, for errors */
};

/* Who may ask `serve`, and for what. */
struct config_role {
	char name[CONFIG_NAME_BYTES];
	unsigned tier, k;                /* tier: enum view_role */
	char token_hash[CONFIG_HASH_BYTES]; /* "" if not given */
	char users[MASK_NAMES_MAX][MASK_NAME_BYTES];
	char streams[MASK_NAMES_MAX][MASK_NAME_BYTES]; /* none: every one */
	char fields[MASK_NAMES_MAX][MASK_NAME_BYTES]; /* of records; none: as the tier has them */
	unsigned user_count, stream_count, field_count, line;
};

struct config_serve { /* where it listens, and as whom */
	char listen[CONFIG_PATH_BYTES];  /* "" if not given; config_listen */
	struct input_tls_files tls;      /* "" if not given */
	char hosts[MASK_NAMES_MAX][MASK_NAME_BYTES];
	unsigned host_count;
	char proxy[CONFIG_NAME_BYTES];   /* a user; "" */
	char user[CONFIG_NAME_BYTES];
};

struct config {
	char path[CONFIG_PATH_BYTES];    /* the file; "" for the defaults */
	char store[CONFIG_PATH_BYTES];   /* "" if not given */
	char keys[CONFIG_PATH_BYTES];
	char tenant[CONFIG_NAME_BYTES];  /* "default" */
	char escrow_key[CONFIG_SEAL_BYTES]; /* "" if not given */
	uint64_t disk;                   /* bytes that the store may take; 0: no limit */
	int64_t verify_every_us;         /* 0: never */
	char metrics[CONFIG_PATH_BYTES]; /* "" if not given; config_listen */
	char geo_asn[CONFIG_PATH_BYTES], geo_country[CONFIG_PATH_BYTES]; /* as metrics */
	char quarantine_key[CONFIG_SEAL_BYTES];
	char seal_key[CONFIG_SEAL_BYTES]; /* "" if not given */
	char user[CONFIG_NAME_BYTES];    /* whom `run` becomes; "": who started it */
	char group[CONFIG_NAME_BYTES];   /* "": the user's */
	unsigned sandbox;                /* on, required, off */
	struct config_serve serve;
	char approvers[CONFIG_APPROVERS_MAX][SEAL_VKEY_TEXT_BYTES]; /* vkeys */
	unsigned approver_count, subject_requests; /* in 24 hours */
	struct config_role *roles;
	struct config_stream *streams;
	unsigned role_count, stream_count;
};

/* Defaults, nothing read. */
int config_default(struct config **c, struct err *e);

/*
 * Read path.  0; or -1: ERR_CONFIG (ERR_INPUT if the file cannot be read)
 * with "N errors" in e and every error, one to four lines each, added to
 * report.  A later file may not change what this one said: there is only one,
 * with `include: FILE` and `${ENV}` in scalars.
 */
int config_load(const char *path, struct config **c, struct buf *report, struct err *e);
void config_free(struct config *c); /* NULL is legal */

/* The stream called name; else one of defaults (and the file's tenant) in *fallback. */
const struct config_stream *config_stream_find(const struct config *c, const char *name,
    struct config_stream *fallback);

/* NULL: there is none of that name. */
const struct config_role *config_role_find(const struct config *c, const char *name);

/* Would the streams be read, masked and sealed alike? */
bool config_stream_same(const struct config *c, const struct config_stream *s,
    const struct config *d, const struct config_stream *t);

/* HOST:PORT or unix:PATH.  0; -1, ERR_CONFIG. */
int config_listen(const char *text, struct input_place *place, struct err *e);

/* Every option: path, type, default, help; for --explain and the manual. */
void config_explain(struct buf *out);
/* The JSON Schema of the file. */
void config_schema(struct buf *out);
/* print(parse(c)) parses to c: what is in force, as YAML. */
void config_print(const struct config *c, struct buf *out);

#endif
