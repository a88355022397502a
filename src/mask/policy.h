/* mask: the policy, an option struct that config/ fills and evidence shows. */
#ifndef CRETULA_MASK_POLICY_H
#define CRETULA_MASK_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "detail/detail.h"
#include "detect/rules.h"
#include "key/key.h"
#include "record/record.h"

struct err;

enum mask_method {
	MASK_TOKEN, MASK_ADDRESS, MASK_PREFIX, MASK_TRUNCATE, MASK_KEEP, MASK_REDACT, MASK_DROP,
	MASK_SEAL, MASK_METHOD_COUNT
};
extern const char *const mask_method_names[MASK_METHOD_COUNT];

enum mask_words_mode { MASK_WORDS_LEARN, MASK_WORDS_FIXED, MASK_WORDS_KEEP };

struct mask_network {
	unsigned char bytes[16];
	uint8_t len;  /* 4 or 16 */
	uint8_t bits; /* prefix length */
};

#define MASK_NETWORKS_MAX 64
#define MASK_NAMES_MAX 64
#define MASK_NAME_BYTES 64

struct mask_policy {
	enum mask_method method[RECORD_CLASS_COUNT];
	enum key_period epoch[RECORD_CLASS_COUNT]; /* one for all classes of a token prefix */
	uint64_t field_drop, field_redact; /* bit per enum record_field */
	char tenant[MASK_NAME_BYTES];
	struct mask_network trusted_proxies[MASK_NETWORKS_MAX];
	struct mask_network own_networks[MASK_NETWORKS_MAX]; /* kept in clear */
	char hosts[MASK_NAMES_MAX][MASK_NAME_BYTES];    /* our own sites, in clear */
	char agents[MASK_NAMES_MAX][MASK_NAME_BYTES];   /* our own programs, by their User-Agent */
	char servers[MASK_NAMES_MAX][MASK_NAME_BYTES];  /* our own machines, in clear */
	char machines[MASK_NAMES_MAX][MASK_NAME_BYTES]; /* machine accounts; "system:*" globs */
	unsigned trusted_proxy_count, own_network_count, host_count, server_count, machine_count;
	unsigned agent_count;
	unsigned words_k;                /* 10: promoted at 11..16 distinct subjects */
	enum mask_words_mode words_mode;
	struct detail_rule detail[DETAIL_RULES_MAX]; /* how much is kept; the first that matches */
	unsigned detail_count;
	struct detail_trigger triggers[DETAIL_SIGNAL_COUNT]; /* they raise it */
	unsigned trigger_count;
	struct detect_rule rules[DETECT_RULES_MAX]; /* identifiers of this site */
	unsigned rule_count;
	bool agent_full;                 /* token of the full User-Agent */
	uint64_t sample; /* percent of the subjects that the public's counts are of; 0: all */
	bool gaps;                       /* numbers of lines are for counting what is missing */
	bool path_token_shared;          /* sg. not bound to the subject */
	bool geo_country, geo_asn;       /* are looked up */
	bool has_seal_key, has_quarantine_key;
	unsigned char quarantine_key[32]; /* what lines that cannot be read are sealed to */
	unsigned char seal_key[32];      /* what the method seal seals to */
};

/* The defaults of class.def and design.md 5. */
void mask_policy_default(struct mask_policy *p);

/* "token" -> MASK_TOKEN; -1 if there is no such method. */
int mask_method_find(struct span name);
/* "ip.peer" -> its class; -1 if there is none. */
int mask_class_find(struct span name);

/*
 * May class use method?  0, or -1 with ERR_CONFIG and the methods that it may
 * use.  SEAL also needs a seal_key.  KEEP of an identifier is refused: there is no
 * "allow all" switch (CAMPAIGN and LANGUAGE may be kept; PATH and PARAM only
 * through words mode keep).
 */
int mask_method_check(enum record_class class_id, enum mask_method method, struct err *e);

/*
 * May a field be DROPped, or REDACTed, over what its class says?  0, or -1
 * with ERR_CONFIG.  Each record keeps time, state and flags; only a text of a
 * class can become "[class]".
 */
int mask_field_check(enum record_field field, enum mask_method method, struct err *e);

/* Does any class have the method SEAL? */
bool mask_policy_seals(const struct mask_policy *p);

/*
 * May the keys of class live so long?  0, or -1 with ERR_CONFIG: it never
 * becomes a token, or is of those that may not be linked for more than a day
 * (ADR 11).
 */
int mask_epoch_check(enum record_class class_id, enum key_period period, struct err *e);
/* Give it, and every class with the same token prefix, that period. */
void mask_epoch_set(struct mask_policy *p, enum record_class class_id, enum key_period period);
extern const char *const mask_period_names[KEY_PERIOD_COUNT];

/* "10.0.0.0/8", "2001:db8::/32", one address.  0 or -1. */
int mask_network_parse(struct span text, struct mask_network *net);
bool mask_network_has(const struct mask_network *nets, unsigned count,
    const unsigned char *bytes, unsigned len);

/* Canonical JSON of the whole policy: what evidence prints; its SHA-256 is sealed. */
void mask_policy_print(const struct mask_policy *p, struct buf *out);
void mask_policy_hash(const struct mask_policy *p, unsigned char out[static 32]);

#endif
