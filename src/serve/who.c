/* serve: who asks: a token, a session, a user of this machine, or whom a proxy names. */
#include "base/clock.h"
#include "base/hash.h"
#include "crypto/random.h"
#include "serve/inside.h"
#include "serve/token.h"

const char *const serve_via_names[] = { "bearer", "cookie", "peer", "proxy" };

const struct serve_role *
serve_who_token(const struct serve *s, struct span token)
{
	const struct serve_role *found = NULL;
	unsigned char hash[32];

	serve_token_hash(token, hash);
	for (unsigned i = 0; i < s->roles->count; i++)
		if (crypto_equal(s->roles->list[i].token, hash, sizeof(hash)) &&
		    s->roles->list[i].has_token)
			found = &s->roles->list[i];
	return (found);
}

static void
set(struct serve_who *who, const struct serve_role *role, enum serve_via via, struct span operator)
{
	who->role = role;
	who->via = via;
	memcpy(who->operator, operator.ptr, operator.len);
	who->operator[operator.len] = '\0';
}

bool
serve_name_ok(struct span name)
{
	if (name.len == 0 || name.len >= SERVE_NAME_BYTES)
		return (false);
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    strchr("._@-", c) == NULL)
			return (false);
	}
	return (true);
}

/* Who is named goes before "*", whatever comes first. */
static bool
find_proxy(const struct serve *s, const struct serve_request *r, struct serve_who *who)
{
	const struct serve_role *any = NULL;

	if (!s->how.has_proxy || !r->local || r->uid != s->how.proxy_uid || !serve_name_ok(r->user))
		return (false);
	for (unsigned i = 0; i < s->roles->count; i++)
		for (unsigned u = 0; u < s->roles->list[i].user_count; u++) {
			const char *name = s->roles->list[i].users[u].name;

			if (span_is(r->user, name)) {
				set(who, &s->roles->list[i], SERVE_VIA_PROXY, r->user);
				return (true);
			}
			if (any == NULL && strcmp(name, "*") == 0)
				any = &s->roles->list[i];
		}
	if (any != NULL)
		set(who, any, SERVE_VIA_PROXY, r->user);
	return (any != NULL);
}

/* A proxy is none of its own: what it does not name is nobody. */
static bool
find_peer(const struct serve *s, const struct serve_request *r, struct serve_who *who)
{
	if (!r->local || (s->how.has_proxy && r->uid == s->how.proxy_uid))
		return (false);
	for (unsigned i = 0; i < s->roles->count; i++)
		for (unsigned u = 0; u < s->roles->list[i].user_count; u++) {
			const struct serve_user *user = &s->roles->list[i].users[u];

			if (!user->has_uid || user->uid != r->uid)
				continue;
			set(who, &s->roles->list[i], SERVE_VIA_PEER, span_str(user->name));
			return (true);
		}
	return (false);
}

static bool
find_cookie(struct serve *s, const struct serve_request *r, struct serve_who *who,
    char fresh[static SERVE_COOKIE_BYTES], int64_t now_ns)
{
	const struct serve_session *session;
	char name[SERVE_COOKIE_NAME];
	int64_t idle_ns;

	serve_cookie_name(r, name);
	session =
	    serve_session_find(&s->sessions, serve_cookie_find(r->cookie, name), now_ns, fresh);
	if (session == NULL)
		return (false);
	set(who, &s->roles->list[session->role], SERVE_VIA_COOKIE,
	    span_str(s->roles->list[session->role].name));
	who->session = session->number;
	who->expires_ns = session->began_ns + SERVE_LIFE_NS;
	idle_ns = now_ns + SERVE_IDLE_NS;
	if (idle_ns < who->expires_ns)
		who->expires_ns = idle_ns;
	return (true);
}

enum serve_known
serve_who_find(struct serve *s, const struct serve_request *r, struct serve_who *who,
    char fresh[static SERVE_COOKIE_BYTES])
{
	const struct serve_role *role;
	struct span token;

	memset(who, 0, sizeof(*who));
	who->reloads = s->reloads;
	fresh[0] = '\0';
	/* Of another scheme, as a proxy's own Basic: it is not for us, and says nothing. */
	if ((token = serve_bearer(r->authorization)).len > 0) {
		if ((role = serve_who_token(s, token)) == NULL)
			return (SERVE_WRONG_TOKEN);
		set(who, role, SERVE_VIA_BEARER, span_str(role->name));
		return (SERVE_KNOWN);
	}
	if (find_cookie(s, r, who, fresh, clock_mono_ns()) || find_proxy(s, r, who) ||
	    find_peer(s, r, who))
		return (SERVE_KNOWN);
	return (SERVE_UNKNOWN);
}

uint64_t
serve_who_peer(const struct serve *s, const struct serve_request *r)
{
	uint64_t of[2] = { r->local ? 1 : 0, r->local ? r->uid : r->network };

	return (hash_bytes(of, sizeof(of), s->seed));
}
