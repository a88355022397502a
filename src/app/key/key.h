/* app: what the parts of cretula key share. */
#ifndef CRETULA_APP_KEY_KEY_H
#define CRETULA_APP_KEY_KEY_H

#include "app/args.h"
#include "app/setup.h"
#include "base/buf.h"

struct err;
struct store;

/* Each answers with an exit code. */
int app_key_audit(const struct app_args *args);
int app_key_create(const struct app_args *args);
int app_key_destroy(const struct app_args *args);
int app_key_escrow(const struct app_args *args);
int app_key_escrow_open(const struct app_args *args); /* with --secret */
int app_key_list(const struct app_args *args);
int app_key_open(const struct app_args *args);
int app_key_pair(const struct app_args *args);
int app_key_rekey(const struct app_args *args);
int app_key_revoke(const struct app_args *args);
int app_key_rotate(const struct app_args *args);
int app_key_show(const struct app_args *args);

/* ---- the seed of a file that an option names ---- */

/*
 * Guarded memory with the recovery key of --OPTION; *seed NULL if it is not
 * given.  crypto_secret_free it.
 */
int app_key_seed(
    const struct app_args *args, const char *option, unsigned char **seed, struct err *e);

/*
 * Open --store (or the configuration's) with its keys.  lost: lost keys are
 * no failure.
 */
int app_key_store(const struct app_args *args, struct app_setup *setup, const char *stream,
    bool lost, struct store **s, struct err *e);

#endif
