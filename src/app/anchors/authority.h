/* authority: --tsa-ca and --tsa-untrusted, whose certificates check time stamps. */
#ifndef CRETULA_APP_ANCHORS_AUTHORITY_H
#define CRETULA_APP_ANCHORS_AUTHORITY_H

#include "app/args.h"
#include "audit/verify.h"

struct crypto_timestamp;

/* From the options of the command: *authority stays NULL if --tsa-ca is not given. */
int app_authority_open(
    const struct app_args *args, struct crypto_timestamp **authority, struct err *e);

/* An audit_stamp_check; arg: the authority. */
int app_authority_check(
    void *arg, struct span token, struct span body, int64_t time_us, struct err *e);

#endif
