/*
 * parse: a line becomes an event.  This file: the event, raw.
 *
 * Only parse/ and mask/ may include it (design.md 2, sentence 1): whatever
 * stands behind the mask cannot even name a raw value.
 */
#ifndef CRETULA_PARSE_EVENT_H
#define CRETULA_PARSE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* Texts, unescaped by the format's own rules: plain bytes, any bytes. */
enum event_text {
	EVENT_CLIENT,    /* peer address or name as written */
	EVENT_FORWARDED, /* X-Forwarded-For or Forwarded value */
	EVENT_IDENT,
	EVENT_USER,
	EVENT_SESSION,   /* a session id in a field of its own */
	EVENT_COOKIE,    /* Cookie header */
	EVENT_AUTH,      /* Authorization header */
	EVENT_METHOD,
	EVENT_SCHEME,
	EVENT_HOST,      /* Host, :authority, SNI, vhost */
	EVENT_TARGET,    /* request target as sent */
	EVENT_PROTOCOL,
	EVENT_REQUEST,   /* a whole request line that is no HTTP */
	EVENT_REFERER,
	EVENT_AGENT,
	EVENT_LANGUAGE,
	EVENT_JOIN,      /* request id, trace id */
	EVENT_SERVER,
	EVENT_UPSTREAM,
	EVENT_CACHE,
	EVENT_TLS,       /* protocol version */
	EVENT_TLS_ID,    /* certificate subject, JA3 */
	EVENT_LEVEL,
	EVENT_ACTION,
	EVENT_OBJECT,
	EVENT_OUTCOME,
	EVENT_MESSAGE,   /* free text */
	EVENT_TEXT_COUNT
};

enum event_number {
	EVENT_STATUS, EVENT_BYTES, EVENT_REQUEST_BYTES, EVENT_DURATION_US,
	EVENT_UPSTREAM_US, EVENT_UPSTREAM_STATUS, EVENT_PORT, EVENT_NUMBER_COUNT
};

/* Names of design.md 4. */
enum event_type {
	EVENT_HTTP, EVENT_K8S, EVENT_LOGIN, EVENT_DB, EVENT_CLOUD, EVENT_LOG, EVENT_TYPE_COUNT
};

/* Headers that programs know by name. */
enum event_header {
#define HEADER(id, name, row) EVENT_HEADER_##id,
#include "parse/headers.def"
#undef HEADER
	EVENT_HEADER_COUNT
};
_Static_assert(EVENT_HEADER_COUNT <= 64, "headers are one word");

#define EVENT_EXTRA_MAX 32

/* What value is: how it is masked. */
enum event_extra_kind {
	EVENT_EXTRA_UNKNOWN, /* nobody knows: only that it was there is written */
	EVENT_EXTRA_WORD,    /* one of a closed list (mask/extra.c), else unknown */
	EVENT_EXTRA_NUMBER,  /* a count or a time, in number, that names nobody */
	EVENT_EXTRA_ADDRESS, /* of a machine, as a header asserts it */
	EVENT_EXTRA_USER,    /* somebody's name */
	EVENT_EXTRA_SESSION,
	EVENT_EXTRA_SECRET,
	EVENT_EXTRA_JOIN,    /* request id, trace id */
	EVENT_EXTRA_NAME,    /* of a thing */
	EVENT_EXTRA_NAMES,   /* some of them, with ", " between */
};

/* key is ours, a literal of the format, if known; else as the source gave it. */
struct event_extra {
	struct span key, value;
	enum event_extra_kind kind;
	bool known;
	int64_t number;
};

/*
 * Borrows its bytes from the line and from the parser's scratch: valid until
 * the next line.  text[i] and number[i] mean something only if their bit in
 * has_text / has_number is set.
 */
struct event {
	enum event_type type;
	int64_t time_us;     /* UTC */
	uint64_t sequence;   /* sequenceId that RFC 5424 defines; 0: none */
	bool time_ok;        /* else the source's time was absent or bad */
	bool zone_assumed;   /* the time named no zone: that of the parser was taken */
	bool garbage;        /* the request line is no HTTP (EVENT_REQUEST) */
	bool user_odd;       /* blanks, quotes or brackets in the user field */
	bool user_claimed; /* the source had not let this one in yet */
	bool duplicate_key;  /* a name came twice: neither value counts */
	bool bad_unicode;    /* a text was no UTF-8, or half of a surrogate pair */
	uint32_t has_text;
	uint32_t has_number;
	uint32_t bad_text;   /* fields that the grammar could not read: mask whole */
	struct span text[EVENT_TEXT_COUNT];
	int64_t number[EVENT_NUMBER_COUNT];
	struct event_extra extra[EVENT_EXTRA_MAX];
	unsigned extra_count;
	unsigned extra_more; /* that found no room in extra */
	uint64_t headers[2]; /* of request and response: bit per row of headers.def */
};
_Static_assert(EVENT_TEXT_COUNT <= 32, "has_text is one word");

static inline bool
event_has(const struct event *ev, enum event_text f)
{
	return ((ev->has_text >> f & 1) != 0);
}

#endif
