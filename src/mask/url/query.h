/* mask, inside: what is known of the name of a query parameter, and e-mails. */
#ifndef CRETULA_MASK_URL_QUERY_H
#define CRETULA_MASK_URL_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define MASK_PARAMS 1024 /* a power of two */
#define MASK_PARAM_TEXT 88

enum mask_param_kind {
	MASK_PARAM_PLAIN,    /* its value is hidden, its shape shown */
	MASK_PARAM_SECRET, MASK_PARAM_SESSION, MASK_PARAM_TRACKING,
	/* A value is kept if it fits the parameter's own grammar: url/value.c. */
	MASK_PARAM_NUMBER, MASK_PARAM_LANGUAGE, MASK_PARAM_ORDER, MASK_PARAM_VERSION,
	/* A value is kept if it is a word of the vocabulary at "?name". */
	MASK_PARAM_WORD, MASK_PARAM_KEYS, MASK_PARAM_CAMPAIGN
};

/* By 128 bits of keyed hash of the raw name, per vocabulary generation. */
struct mask_param {
	uint64_t key[2];
	uint32_t generation;
	uint8_t kind;  /* enum mask_param_kind */
	uint8_t len;   /* of the name, which is in clear */
	char text[MASK_PARAM_TEXT];
};

struct mask;

/* The kind of a parameter of the allow-list; MASK_PARAM_PLAIN if name is none. */
enum mask_param_kind mask_value_kind(struct span name);
/*
 * May value (canonical) of the parameter be written in clear?  Words that may
 * not, but could become known, are offered to the learner.
 */
bool mask_value_kept(struct mask *m, const struct mask_param *param, struct span value);

/*
 * One form of an e-mail address: no "mailto:", no <>, lower case, the domain
 * in A-labels as far as out (size bytes) allows.
 */
struct detect_hosts;
struct span mask_email_form(
    struct detect_hosts *hosts, struct span text, char *out, size_t size);

#endif
