/*
 * serve: sessions: who logged in with a token, and until when.
 *
 * A cookie is 256 random bits, of which only the hash is kept.  It changes
 * every quarter of an hour; the one before is good for a minute more, for
 * requests that were under way.  Idle for half an hour, or half a day old, a
 * session ends.  Who asked least recently makes room.
 */
#ifndef CRETULA_SERVE_SESSION_H
#define CRETULA_SERVE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define SERVE_SESSIONS 128
#define SERVE_COOKIE_BYTES 44 /* 43 characters and NUL */
#define SERVE_IDLE_NS (INT64_C(1800) * 1000000000)
#define SERVE_LIFE_NS (INT64_C(43200) * 1000000000)
#define SERVE_ROTATE_NS (INT64_C(900) * 1000000000)
#define SERVE_OVERLAP_NS (INT64_C(60) * 1000000000)

struct serve_session {
	bool used;
	unsigned role; /* index */
	uint64_t number; /* of all since the start, from 1 */
	int64_t began_ns, seen_ns, turned_ns;
	unsigned char id[32], before[32]; /* hashes; before: zero if there is none */
};

struct serve_sessions {
	uint64_t count; /* since the start */
	struct serve_session list[SERVE_SESSIONS];
};

/* Where all places are taken, the role that has the most of them loses its oldest one. */
struct serve_session *serve_session_begin(struct serve_sessions *s, unsigned role, int64_t now_ns,
    char cookie[static SERVE_COOKIE_BYTES]);

/*
 * Whose cookie it is; NULL.  Where it is time for another one that is in
 * fresh, else fresh is "".
 */
struct serve_session *serve_session_find(struct serve_sessions *s, struct span cookie,
    int64_t now_ns, char fresh[static SERVE_COOKIE_BYTES]);

void serve_session_end(struct serve_session *session);
/* Is that one still there?  Who asks is one of its tails: it is not idle. */
bool serve_session_lives(struct serve_sessions *s, uint64_t number, int64_t now_ns);

#endif
