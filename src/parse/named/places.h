/*
 * parse: formats whose fields have places: values between blanks, in quotes
 * or in brackets, each what a row of a table says.
 */
#ifndef CRETULA_PARSE_PLACES_H
#define CRETULA_PARSE_PLACES_H

#include "parse/event.h"
#include "parse/parse.h"

enum parse_place_kind {
	PARSE_PLACE_SKIP,    /* says nothing by itself */
	PARSE_PLACE_TEXT,    /* to: enum event_text */
	PARSE_PLACE_PEER,    /* the same, with a port behind it */
	PARSE_PLACE_STATUS,  /* to: enum event_number; of a list the last */
	PARSE_PLACE_DIGITS,  /* to: enum event_number */
	PARSE_PLACE_TIME,    /* to: enum event_number; a decimal number times scale */
	PARSE_PLACE_SUM,     /* the same, added to what is there */
	PARSE_PLACE_EXTRA,   /* to: enum event_extra_kind */
	PARSE_PLACE_COUNT,   /* a number of extra */
	PARSE_PLACE_REQUEST, /* a request line */
	PARSE_PLACE_ISO, PARSE_PLACE_CLF, PARSE_PLACE_EPOCH /* the time: without it no event */
};

struct parse_place {
	enum parse_place_kind kind;
	int to;
	const char *key; /* in extra */
	int64_t scale;
};

#define PARSE_PLACE_TEXT_OF(f) { PARSE_PLACE_TEXT, EVENT_##f, NULL, 0 }
#define PARSE_PLACE_PEER_OF(f) { PARSE_PLACE_PEER, EVENT_##f, NULL, 0 }
#define PARSE_PLACE_STATUS_OF(n) { PARSE_PLACE_STATUS, EVENT_##n, NULL, 0 }
#define PARSE_PLACE_DIGITS_OF(n) { PARSE_PLACE_DIGITS, EVENT_##n, NULL, 0 }
#define PARSE_PLACE_TIME_OF(n, scale) { PARSE_PLACE_TIME, EVENT_##n, NULL, scale }
#define PARSE_PLACE_SUM_OF(n, scale) { PARSE_PLACE_SUM, EVENT_##n, NULL, scale }
#define PARSE_PLACE_EXTRA_OF(kind, key) { PARSE_PLACE_EXTRA, EVENT_EXTRA_##kind, key, 0 }
#define PARSE_PLACE_COUNT_OF(key) { PARSE_PLACE_COUNT, 0, key, 0 }
#define PARSE_PLACE(kind) { PARSE_PLACE_##kind, 0, NULL, 0 }

#define PARSE_PLACES_MAX 48

struct parse_places {
	const struct parse_place *place;
	unsigned count, count_min; /* of places, and of those that are always there */
	bool lists;                /* "a, b" and "a : b" are one value */
	bool pads;                 /* several blanks are one */
	bool raw;                  /* quotes in quotes are not escaped, and so not believed */
	bool ends;                 /* nothing stands behind the last place */
};

struct parse_values {
	struct span text[PARSE_PLACES_MAX];
	char how[PARSE_PLACES_MAX]; /* '"', '[' or ' ' */
	unsigned count;
	size_t rest; /* from here on there are no more places */
	bool open;   /* the last one does not end */
};

/* The values of line that have places, as written. */
void parse_places_split(const struct parse_places *shape, struct span line,
    struct parse_values *v);

/*
 * Values into a cleared event; what stands behind the last place becomes
 * extra.  Arguments as parse_line.
 */
enum parse_result parse_places_fill(const struct parse_places *shape, struct span line,
    const struct parse_values *v, char *scratch, struct event *ev, enum parse_reason *reason);

#endif
