/* app: cretula serve: views over HTTP. */
#include <sys/stat.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/command.h"
#include "app/retain/plan.h"
#include "app/run/run.h"
#include "app/sandbox/sandbox.h"
#include "app/say.h"
#include "app/serve/trust.h"
#include "app/setup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "input/live.h"
#include "input/tls.h"

#define LOOK_NS 200000000
#define TELL_NS (INT64_C(60) * 1000000000)
#define SHAKING_MAX 64 /* more than who is in: so that one of these makes room for one more */

static const struct app_option options[] = {
	{ "config", "FILE", "cretula.yaml, for roles, serve, store (default " CONFIG_USUAL ")" },
	{ "keys", "DIR", "keys of the store, for access records" },
	{ "listen", "PLACE", "unix:PATH or 127.0.0.1:PORT (default: serve.listen)" },
	{ "quiet", NULL, "log what is wrong, and no more" },
	{ "role", "NAME", "of token: whose it is to be" },
	{ "store", "DIR", "the store (default: as configured)" },
	{ NULL, NULL, NULL },
};

struct command {
	const struct app_args *args;
	struct config *config, *reloaded; /* reloaded: of the last SIGHUP; NULL */
	struct serving serving;
	struct input_place place;
	struct input_tls *tls;
	int fd;
	int64_t told_ns;
	uint64_t told; /* wrong tokens */
};

/* ---- start ---- */

static const char *
config_path(const struct command *c)
{
	const char *path = app_arg(c->args, "config");

	return (path != NULL ? path : CONFIG_USUAL);
}

/* With what the command line says of it. */
static int
load_config(const struct command *c, struct config **config, struct err *e)
{
	const char *listen = app_arg(c->args, "listen");
	int rc = app_config_load(config_path(c), config, e);

	if (rc == 0 && listen != NULL && strlen(listen) < sizeof((*config)->serve.listen))
		memcpy((*config)->serve.listen, listen, strlen(listen) + 1);
	return (rc);
}

static const char *
keys_of(const struct command *c)
{
	const char *keys = app_arg(c->args, "keys");

	return (keys != NULL ? keys : c->config->keys[0] != '\0' ? c->config->keys : NULL);
}

static int
load(struct command *c, struct err *e)
{
	const char *store = app_arg(c->args, "store");

	if (load_config(c, &c->config, e) == -1)
		return (-1);
	c->serving.config = c->config;
	c->serving.store = store != NULL ? store : c->config->store;
	if (c->serving.store[0] == '\0')
		return (err_set(e, ERR_CONFIG, "no store (`store:`, or --store)"));
	if (c->config->serve.listen[0] == '\0')
		return (err_set(e, ERR_CONFIG,
		    "nowhere to listen: `serve: { listen: \"unix:/run/cretula/view.sock\" }`"));
	if (c->config->role_count == 0)
		return (err_set(e, ERR_CONFIG,
		    "nobody may ask: no `roles:`; cretula serve token --role NAME makes a token"));
	return (config_listen(c->config->serve.listen, &c->place, e));
}

static bool
is_loopback(const struct input_place *place)
{
	return (strcmp(place->path, "127.0.0.1") == 0 || strcmp(place->path, "::1") == 0 ||
	    strcmp(place->path, "localhost") == 0);
}

/* What --listen said was not seen by who read the configuration. */
static int
listen_there(struct command *c, struct err *e)
{
	bool tls = c->config->serve.tls.certificate[0] != '\0';

	if (c->place.kind != INPUT_UNIX_STREAM && !tls && !is_loopback(&c->place))
		return (err_set(e, ERR_CONFIG,
		    "others would read along: that address needs serve.certificate and key"));
	if (c->place.kind != INPUT_UNIX_STREAM && c->config->serve.proxy[0] != '\0')
		return (err_set(
		    e, ERR_CONFIG, "serve.proxy: a proxy is believed at a unix socket only"));
	c->serving.whole.tls = tls;
	c->serving.whole.local = c->place.kind == INPUT_UNIX_STREAM && !tls;
	return ((c->fd = input_listen(&c->place, e)) == -1 ? -1 : 0);
}

/* The policy of a stream that nobody configured: nothing in it is masked. */
static void
hash_policy(char text[static 65])
{
	struct mask_policy policy;
	unsigned char hash[32];

	mask_policy_default(&policy);
	mask_policy_hash(&policy, hash);
	text[text_hex(text, hash, sizeof(hash))] = '\0';
}

/* While there is one thread, and before anything of it is ours alone. */
static int
start_writer(struct command *c, struct err *e)
{
	char policy[65];
	struct app_writer_options how = { .store = c->serving.store,
		.keys = keys_of(c),
		.policy = policy,
		.fd = c->fd,
		.sandbox = c->config->sandbox };

	app_retain_access(c->config, &how.retain);
	c->serving.access_terms = how.retain;
	hash_policy(policy);
	if (app_access_open(&how, &c->serving.access, e) == 0)
		return (0);
	if (e->code == ERR_BUSY)
		return (err_set(e, ERR_BUSY,
		    "store %s is served already: another `cretula serve` writes its access "
		    "records; "
		    "one process may have all roles",
		    c->serving.store));
	return (-1);
}

static int
confine(struct command *c, struct err *e)
{
	const struct app_places_reader reader = { c->serving.store, keys_of(c), config_path(c),
		&c->config->serve.tls };
	struct app_places *places = calloc(1, sizeof(*places));
	struct config as = *c->config;
	struct buf done = { 0 };
	struct app_user user;
	int rc = -1;

	if (places == NULL)
		return (err_memory(e));
	memcpy(as.user, c->config->serve.user, sizeof(as.user));
	as.group[0] = '\0';
	if (app_user_find(&as, &user, e) == -1 || app_user_become(&user, e) == -1)
		goto out;
	app_places_view(&reader, places);
	rc = app_confine(
	    places, (enum app_sandbox)c->config->sandbox, APP_CALLS_SERVE, &done, e);
	if (rc == 0)
		app_info(NULL, "serve is %.*s", (int)done.len, done.data);
out:
	buf_free(&done);
	free(places);
	return (rc);
}

/* Better said now than at each request. */
static int
check_store(const struct command *c, struct err *e)
{
	char names[CONFIG_STREAMS_MAX][SERVE_NAME_BYTES];
	const char *user = c->config->serve.user;
	unsigned count;

	if (app_serving_names(c->serving.store, names, &count, e) == 0)
		return (0);
	return (err_in(e, "%s%s cannot read the store", user[0] == '\0' ? "" : "serve.user ",
	    user[0] == '\0' ? "serve" : user));
}

static void
give(void *arg, int fd)
{
	struct command *c = arg;

	app_http_give(c->serving.http, fd);
}

static int
start_tls(struct command *c, struct err *e)
{
	const struct input_tls_options how = { .files = c->config->serve.tls,
		.fd = c->fd,
		.connections = SERVING_CONNECTIONS_MAX + SHAKING_MAX,
		.give = give,
		.arg = c };

	if (!c->serving.whole.tls)
		return (0);
	return (input_tls_open(&how, &c->tls, e));
}

static int
start(struct command *c, struct err *e)
{
	int fd;

	if (!app_http_built())
		return (err_set(e, ERR_CONFIG,
		    "this cretula was built without HTTP: libmicrohttpd-dev was not there"));
	if (load(c, e) == -1 || app_serving_roles(c->config, &c->serving.serve, e) == -1 ||
	    listen_there(c, e) == -1 || start_writer(c, e) == -1 || start_tls(c, e) == -1 ||
	    confine(c, e) == -1 || check_store(c, e) == -1 ||
	    app_access_start(c->serving.access, e) == -1)
		return (-1);
	fd = c->fd;
	if (!c->serving.whole.tls)
		c->fd = -1; /* the server's */
	if (app_serving_start(&c->serving, fd, e) == -1)
		return (-1);
	return (c->tls != NULL ? input_tls_start(c->tls, e) : 0);
}

/* ---- run, stop ---- */

/* Somebody guesses: said once a minute, however many there are. */
static void
tell_guesses(struct command *c, bool last)
{
	int64_t now_ns = clock_mono_ns();
	struct serve_counts counts;

	if (!last && now_ns - c->told_ns < TELL_NS)
		return;
	serve_count(c->serving.serve, &counts);
	if (counts.wrong_tokens > c->told)
		app_warn_log(NULL, "%llu wrong tokens, %llu since the start",
		    (unsigned long long)(counts.wrong_tokens - c->told),
		    (unsigned long long)counts.wrong_tokens);
	c->told = counts.wrong_tokens;
	c->told_ns = now_ns;
}

/*
 * The writer does not hear of it: who talks to the world could have access
 * records go by a short term of its own (ADR 32).
 */
static void
say_access_terms(const struct command *c, const struct config *fresh)
{
	const struct retain_policy *now = &c->serving.access_terms;
	struct buf term = { 0 };
	struct retain_policy wanted;

	app_retain_access(fresh, &wanted);
	if (retain_term(&wanted, RETAIN_ACCESS) == retain_term(now, RETAIN_ACCESS))
		return;
	retain_print_term(retain_term(now, RETAIN_ACCESS), &term);
	app_warn_log(NULL, "the term of access records stays %.*s: another one needs a restart",
	    (int)term.len, term.data);
	buf_free(&term);
}

/* Who is in stays in; who comes is shown the new one. */
static void
reload_certificate(const struct command *c)
{
	struct err e = { ERR_NONE, "" };

	if (c->tls != NULL && input_tls_reload(c->tls, &e) == -1)
		app_error(NULL, "the certificate stays as it was: %s", e.text);
}

/* What is needed to listen was given up at the start; who may ask, and most terms, were not. */
static void
reload(struct command *c)
{
	struct config *fresh = NULL;
	struct err e = { ERR_NONE, "" };
	unsigned ended = 0;

	if (load_config(c, &fresh, &e) == -1 ||
	    app_serving_reload(fresh, c->serving.serve, &ended, &e) == -1) {
		app_error(NULL, "the configuration stays as it was: %s", app_places_hint(&e));
		config_free(fresh);
		return;
	}
	if (memcmp(&fresh->serve, &c->config->serve, sizeof(fresh->serve)) != 0)
		app_warn_log(NULL, "what `serve:` says needs a restart");
	say_access_terms(c, fresh);
	reload_certificate(c);
	pthread_mutex_lock(&c->serving.trust_lock);
	c->serving.config = fresh;
	c->serving.trust_key = 0;
	pthread_mutex_unlock(&c->serving.trust_lock);
	config_free(c->reloaded);
	c->reloaded = fresh;
	app_info(NULL, "the configuration was read again: %u roles, %u sessions ended",
	    fresh->role_count, ended);
}

static int
serve_until_told(struct command *c, const sigset_t *set, struct err *e)
{
	const struct timespec most = { 0, LOOK_NS };
	int number;

	app_notify("READY=1");
	for (;;) {
		number = sigtimedwait(set, NULL, &most);
		tell_guesses(c, number == SIGTERM || number == SIGINT);
		if (number == SIGTERM || number == SIGINT)
			return (0);
		if (number == SIGHUP)
			reload(c);
		app_notify_alive();
		if (app_access_dead(c->serving.access))
			return (err_set(e, ERR_IO,
			    "the writer of access records has ended: without it nothing is shown"));
	}
}

static void
stop(struct command *c)
{
	if (c->tls != NULL)
		input_tls_quiet(c->tls);
	app_serving_stop(&c->serving);
	if (c->tls != NULL)
		input_tls_finish(c->tls);
	input_tls_close(c->tls);
	app_access_close(c->serving.access);
	serve_close(c->serving.serve);
	if (c->fd != -1)
		(void)close(c->fd);
	free(c->serving.trust);
	config_free(c->reloaded);
	config_free(c->config);
}

/* What goes into a browser, where one gets there without a proxy. */
static void
say_where(const struct command *c)
{
	const struct config_serve *s = &c->config->serve;
	bool tls = c->serving.whole.tls;

	if (c->place.kind == INPUT_UNIX_STREAM)
		app_info(NULL, "serving %s", s->listen);
	else
		app_info(NULL,
		    "serving http%s://%s/: the page takes the token of a role "
		    "(cretula serve token --role NAME)",
		    tls ? "s" : "", s->host_count > 0 ? s->hosts[0] : s->listen);
}

static int
run_server(const struct app_args *args)
{
	static struct command c;
	struct err e = { ERR_NONE, "" };
	sigset_t set;
	int rc;

	if (app_arg(args, "quiet") != NULL)
		app_log_quiet();
	c.args = args;
	c.fd = -1;
	(void)pthread_mutex_init(&c.serving.lock, NULL);
	(void)pthread_mutex_init(&c.serving.trust_lock, NULL);
	(void)pthread_cond_init(&c.serving.work, NULL);
	(void)pthread_cond_init(&c.serving.tick, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	app_notify_open();
	rc = start(&c, &e);
#ifdef CRETULA_TESTING
	app_escape();
#endif
	if (rc == 0) {
		say_where(&c);
		rc = serve_until_told(&c, &set, &e);
	}
	app_notify("STOPPING=1");
	stop(&c);
	return (rc == 0 ? 0 : app_fail("serve", &e));
}

static int
run(const struct app_args *args)
{
	struct err e;

	if (args->operand_count == 0)
		return (run_server(args));
	if (strcmp(args->operands[0], "token") == 0)
		return (app_serving_token(args, CONFIG_USUAL));
	(void)err_set(&e, ERR_USAGE, "it is `cretula serve`, or `cretula serve token --role NAME`");
	return (app_fail("serve", &e));
}

const struct app_command app_command_serve = { "serve", "views over HTTP: the page and its API",
	"[token]", 0, 1, options,
	"Each role sees its tier: developers records, analysts and the public figures, auditors\n"
	"chain and proofs. share/openapi.yaml (GET /api/v1/openapi.yaml) describes the interface.\n"
	"A role is opened by its token, by a user of this machine at a unix socket, or by whom\n"
	"a proxy names. Whatever is shown is recorded first, in the stream cretula.access, by a\n"
	"process of its own: the one that listens has no keys and writes nothing.\n\n"
	"serve token makes a token, says it once, and the line for roles:. SIGHUP reads roles,\n"
	"retention and the certificate again: sessions of tokens that are gone end, and tails\n"
	"ask again. A file with mistakes changes nothing. What else serve: says, and the term\n"
	"of access records, need a restart.\n\n"
	"examples:\n"
	"  cretula serve token --role dev\n"
	"  cretula serve --config " CONFIG_USUAL "\n"
	"  cretula serve --config cretula.yaml --listen 127.0.0.1:8466\n"
	"  curl --unix-socket /run/cretula/view.sock http://localhost/api/v1/session\n",
	run };
