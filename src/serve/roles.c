/* serve: which roles there are; they may be others while somebody asks. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "crypto/random.h"
#include "serve/inside.h"

#define ASK_RATE 50 /* a second, of each session, operator or peer */
#define ASK_BURST 200
#define CROWD_RATE 1000 /* of all strangers: a few of them do not keep the page from others */
#define CROWD_BURST 4000
#define GUESS_RATE 1
#define GUESS_BURST 5

/* Their grants get the names that they have here: those they came with may end. */
static struct serve_roles *
make_roles(const struct serve_role *roles, unsigned count, struct err *e)
{
	struct serve_roles *made;

	if (count > SERVE_ROLES_MAX) {
		(void)err_set(e, ERR_CONFIG, "more than %d roles", SERVE_ROLES_MAX);
		return (NULL);
	}
	if ((made = calloc(1, sizeof(*made) + count * sizeof(made->list[0]))) == NULL) {
		(void)err_memory(e);
		return (NULL);
	}
	made->count = count;
	for (unsigned i = 0; i < count; i++) {
		made->list[i] = roles[i];
		made->list[i].grant.name = made->list[i].name;
	}
	return (made);
}

int
serve_open(const struct serve_options *how, struct serve **s, struct err *e)
{
	struct serve_roles *roles = make_roles(how->roles, how->role_count, e);
	struct serve *made;

	if (roles == NULL)
		return (-1);
	if ((made = calloc(1, sizeof(*made))) == NULL) {
		free(roles);
		return (err_memory(e));
	}
	made->how = *how;
	made->how.roles = NULL;
	made->roles = roles;
	crypto_random(&made->seed, sizeof(made->seed));
	serve_limit_open(&made->asks, ASK_RATE, ASK_BURST);
	serve_limit_open(&made->strangers, ASK_RATE, ASK_BURST);
	serve_limit_open(&made->crowd, CROWD_RATE, CROWD_BURST);
	serve_limit_open(&made->guesses, GUESS_RATE, GUESS_BURST);
	(void)pthread_mutex_init(&made->lock, NULL);
	*s = made;
	return (0);
}

void
serve_close(struct serve *s)
{
	if (s == NULL)
		return;
	while (s->roles != NULL) {
		struct serve_roles *older = s->roles->older;

		crypto_wipe(s->roles, sizeof(*s->roles));
		free(s->roles);
		s->roles = older;
	}
	(void)pthread_mutex_destroy(&s->lock);
	crypto_wipe(s, sizeof(*s));
	free(s);
}

/* ---- others ---- */

static bool
same_users(const struct serve_role *a, const struct serve_role *b)
{
	for (unsigned i = 0; a->user_count == b->user_count && i < a->user_count; i++)
		if (strcmp(a->users[i].name, b->users[i].name) != 0 ||
		    a->users[i].has_uid != b->users[i].has_uid ||
		    (a->users[i].has_uid && a->users[i].uid != b->users[i].uid))
			return (false);
	return (a->user_count == b->user_count);
}

static bool
same_streams(const struct serve_role *a, const struct serve_role *b)
{
	for (unsigned i = 0; a->stream_count == b->stream_count && i < a->stream_count; i++)
		if (strcmp(a->streams[i], b->streams[i]) != 0)
			return (false);
	return (a->stream_count == b->stream_count);
}

/* Is a session of the one still one of the other? */
static bool
same_token(const struct serve_role *a, const struct serve_role *b)
{
	return (strcmp(a->name, b->name) == 0 && a->has_token && b->has_token &&
	    memcmp(a->token, b->token, sizeof(a->token)) == 0);
}

static bool
same(const struct serve_role *a, const struct serve_role *b)
{
	return (strcmp(a->name, b->name) == 0 && a->has_token == b->has_token &&
	    (!a->has_token || same_token(a, b)) && a->grant.tier == b->grant.tier &&
	    a->grant.k == b->grant.k && a->grant.fields == b->grant.fields && same_users(a, b) &&
	    same_streams(a, b));
}

static bool
all_same(const struct serve_roles *a, const struct serve_roles *b)
{
	for (unsigned i = 0; a->count == b->count && i < a->count; i++)
		if (!same(&a->list[i], &b->list[i]))
			return (false);
	return (a->count == b->count);
}

/* What a token opened ends with it; a role that only sees more or less keeps its sessions. */
static unsigned
move_session(const struct serve_roles *now, const struct serve_role *was, struct serve_session *one)
{
	for (unsigned i = 0; i < now->count; i++)
		if (same_token(&now->list[i], was)) {
			one->role = i;
			return (0);
		}
	serve_session_end(one);
	return (1);
}

int
serve_reload(
    struct serve *s, const struct serve_role *roles, unsigned count, unsigned *ended, struct err *e)
{
	struct serve_roles *made = make_roles(roles, count, e), *was;

	*ended = 0;
	if (made == NULL)
		return (-1);
	pthread_mutex_lock(&s->lock);
	if (all_same(made, s->roles)) {
		pthread_mutex_unlock(&s->lock);
		free(made);
		return (0);
	}
	was = made->older = s->roles; /* who asks just now has it in hand */
	s->roles = made;
	s->reloads++;
	for (unsigned i = 0; i < SERVE_SESSIONS; i++) {
		struct serve_session *one = &s->sessions.list[i];

		if (one->used)
			*ended += move_session(made, &was->list[one->role], one);
	}
	pthread_mutex_unlock(&s->lock);
	return (1);
}

bool
serve_lives(struct serve *s, const struct serve_who *who)
{
	bool lives;

	pthread_mutex_lock(&s->lock);
	lives = who->reloads == s->reloads &&
	    (who->session == 0 || serve_session_lives(&s->sessions, who->session, clock_mono_ns()));
	pthread_mutex_unlock(&s->lock);
	return (lives);
}
