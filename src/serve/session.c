#include "serve/session.h"

#include <string.h>

#include "crypto/random.h"
#include "crypto/sha256.h"
#include "serve/token.h"

#define SECRET_BYTES 32

static bool
has_ended(const struct serve_session *s, int64_t now_ns)
{
	return (now_ns - s->seen_ns > SERVE_IDLE_NS || now_ns - s->began_ns > SERVE_LIFE_NS);
}

static void
make_cookie(struct serve_session *s, int64_t now_ns, char cookie[static SERVE_COOKIE_BYTES])
{
	memcpy(s->before, s->id, sizeof(s->before));
	serve_random_text(cookie, SECRET_BYTES);
	crypto_sha256(cookie, SERVE_COOKIE_BYTES - 1, s->id);
	s->turned_ns = now_ns;
}

/* How many the role of the i-th has; 0: its place is free. */
static unsigned
weigh(const struct serve_sessions *s, unsigned i, int64_t now_ns)
{
	unsigned count = 0;

	if (!s->list[i].used || has_ended(&s->list[i], now_ns))
		return (0);
	for (unsigned j = 0; j < SERVE_SESSIONS; j++)
		count += s->list[j].used && s->list[j].role == s->list[i].role;
	return (count);
}

/*
 * A free place; else that of the role with the most, whose oldest goes: who may open many, as the
 * public, drives out its own.
 */
static struct serve_session *
find_place(struct serve_sessions *s, int64_t now_ns)
{
	struct serve_session *found = &s->list[0];
	unsigned most = weigh(s, 0, now_ns);

	for (unsigned i = 1; i < SERVE_SESSIONS && most > 0; i++) {
		unsigned count = weigh(s, i, now_ns);

		if (count > 0 &&
		    (count < most || (count == most && s->list[i].seen_ns >= found->seen_ns)))
			continue;
		found = &s->list[i];
		most = count;
	}
	return (found);
}

struct serve_session *
serve_session_begin(
    struct serve_sessions *s, unsigned role, int64_t now_ns, char cookie[static SERVE_COOKIE_BYTES])
{
	struct serve_session *found = find_place(s, now_ns);

	memset(found, 0, sizeof(*found));
	found->used = true;
	found->role = role;
	found->number = ++s->count;
	found->began_ns = found->seen_ns = now_ns;
	make_cookie(found, now_ns, cookie);
	memset(found->before, 0, sizeof(found->before));
	return (found);
}

/* Every one is compared, whichever it is. */
static struct serve_session *
find(struct serve_sessions *s, const unsigned char hash[static 32], int64_t now_ns, bool *newest)
{
	struct serve_session *found = NULL;

	for (unsigned i = 0; i < SERVE_SESSIONS; i++) {
		struct serve_session *one = &s->list[i];
		bool now = crypto_equal(one->id, hash, 32),
		     before = crypto_equal(one->before, hash, 32);

		if (!one->used || (!now && (!before || now_ns - one->turned_ns > SERVE_OVERLAP_NS)))
			continue;
		found = one;
		*newest = now;
	}
	return (found);
}

struct serve_session *
serve_session_find(struct serve_sessions *s, struct span cookie, int64_t now_ns,
    char fresh[static SERVE_COOKIE_BYTES])
{
	struct serve_session *found;
	unsigned char hash[32];
	bool newest = false;

	fresh[0] = '\0';
	if (cookie.len != SERVE_COOKIE_BYTES - 1)
		return (NULL);
	crypto_sha256(cookie.ptr, cookie.len, hash);
	if ((found = find(s, hash, now_ns, &newest)) == NULL)
		return (NULL);
	if (has_ended(found, now_ns)) {
		serve_session_end(found);
		return (NULL);
	}
	found->seen_ns = now_ns;
	if (newest && now_ns - found->turned_ns > SERVE_ROTATE_NS)
		make_cookie(found, now_ns, fresh);
	return (found);
}

void
serve_session_end(struct serve_session *session)
{
	crypto_wipe(session, sizeof(*session));
}

bool
serve_session_lives(struct serve_sessions *s, uint64_t number, int64_t now_ns)
{
	for (unsigned i = 0; i < SERVE_SESSIONS; i++) {
		struct serve_session *one = &s->list[i];

		if (!one->used || one->number != number)
			continue;
		if (has_ended(one, now_ns))
			return (false);
		one->seen_ns = now_ns;
		return (true);
	}
	return (false);
}
