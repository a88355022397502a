/* app: roles and hosts of a configuration, for the room that serves; and tokens for it. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/args.h"
#include "app/role/grant.h"
#include "app/say.h"
#include "app/serve/serving.h"
#include "base/err.h"
#include "base/json.h"
#include "crypto/random.h"
#include "serve/token.h"
#include "store/layout.h"

#define OWN_HOSTS 4 /* of the address itself, each with its port and perhaps without */

static int
find_user(const char *name, struct serve_user *to, struct err *e)
{
	const struct passwd *user;

	(void)snprintf(to->name, sizeof(to->name), "%s", name);
	if (strcmp(name, "*") != 0 && !serve_name_ok(span_str(name)))
		return (err_set(e, ERR_CONFIG, "users: a name is of letters, digits and ._@-"));
	if ((user = getpwnam(name)) == NULL)
		return (0); /* whom only a proxy knows */
	if (user->pw_uid == 0)
		return (err_set(e, ERR_CONFIG, "users: root reads the store without us"));
	to->has_uid = true;
	to->uid = user->pw_uid;
	return (0);
}

static int
make_role(const struct config_role *from, struct serve_role *to, struct err *e)
{
	memset(to, 0, sizeof(*to));
	(void)snprintf(to->name, sizeof(to->name), "%s", from->name);
	to->grant = app_grant_of(from);
	to->has_token = from->token_hash[0] != '\0' &&
	    serve_hash_read(span_str(from->token_hash), to->token) == 0;
	if (from->user_count > SERVE_ROLE_USERS || from->stream_count > SERVE_ROLE_STREAMS)
		return (err_set(e, ERR_CONFIG, "role %s: at most %d users and %d streams",
		    from->name, SERVE_ROLE_USERS, SERVE_ROLE_STREAMS));
	for (unsigned i = 0; i < from->user_count; i++)
		if (find_user(from->users[i], &to->users[to->user_count++], e) == -1)
			return (err_in(e, "role %s", from->name));
	for (unsigned i = 0; i < from->stream_count; i++)
		(void)snprintf(
		    to->streams[to->stream_count++], SERVE_NAME_BYTES, "%s", from->streams[i]);
	return (0);
}

static void
add_host(struct serve_options *how, const char *host, const char *port)
{
	bool v6 = strchr(host, ':') != NULL;

	if (how->host_count < SERVE_HOSTS_MAX)
		(void)snprintf(how->hosts[how->host_count++], sizeof(how->hosts[0]), "%s%s%s%s%s",
		    v6 ? "[" : "", host, v6 ? "]" : "", port[0] == '\0' ? "" : ":", port);
}

/* A browser does not say the port that its scheme has anyhow. */
static void
add_address(struct serve_options *how, const char *host, const char *port, const char *usual)
{
	add_host(how, host, port);
	if (strcmp(port, usual) == 0)
		add_host(how, host, "");
}

/* Against names that lead here and belong to somebody else: each request says whom it wants. */
static void
find_hosts(const struct config *c, const struct input_place *place, struct serve_options *how)
{
	const char *usual = c->serve.tls.certificate[0] != '\0' ? "443" : "80";

	for (unsigned i = 0; i < c->serve.host_count; i++)
		(void)snprintf(how->hosts[how->host_count++], sizeof(how->hosts[0]), "%s",
		    c->serve.hosts[i]); /* as a browser says it, with the port */
	if (place->kind == INPUT_UNIX_STREAM)
		return; /* no browser comes by a file */
	add_address(how, place->path, place->port, usual);
	if (strcmp(place->path, "127.0.0.1") == 0 || strcmp(place->path, "::1") == 0)
		add_address(how, "localhost", place->port, usual);
}

/* NULL with e. */
static struct serve_role *
make_roles(const struct config *c, struct err *e)
{
	struct serve_role *roles = calloc(c->role_count + 1, sizeof(*roles));

	if (roles == NULL)
		(void)err_memory(e);
	for (unsigned i = 0; roles != NULL && i < c->role_count; i++)
		if (make_role(&c->roles[i], &roles[i], e) == -1) {
			free(roles);
			return (NULL);
		}
	return (roles);
}

int
app_serving_reload(const struct config *c, struct serve *serve, unsigned *ended, struct err *e)
{
	struct serve_role *roles;
	int rc;

	if (c->role_count == 0)
		return (err_set(e, ERR_CONFIG, "nobody may ask: no `roles:`"));
	if ((roles = make_roles(c, e)) == NULL)
		return (-1);
	rc = serve_reload(serve, roles, c->role_count, ended, e);
	free(roles);
	return (rc);
}

int
app_serving_roles(const struct config *c, struct serve **serve, struct err *e)
{
	struct serve_role *roles = make_roles(c, e);
	struct serve_options how = { .roles = roles, .role_count = c->role_count };
	const struct passwd *proxy;
	struct input_place place;
	int rc = -1;

	if (roles == NULL)
		return (-1);
	if (config_listen(c->serve.listen, &place, e) == -1)
		goto out;
	if (c->serve.host_count > SERVE_HOSTS_MAX - OWN_HOSTS) {
		(void)err_set(
		    e, ERR_CONFIG, "serve.hosts: at most %d", SERVE_HOSTS_MAX - OWN_HOSTS);
		goto out;
	}
	find_hosts(c, &place, &how);
	if (c->serve.proxy[0] != '\0') {
		if ((proxy = getpwnam(c->serve.proxy)) == NULL) {
			(void)err_set(
			    e, ERR_CONFIG, "serve.proxy: there is no user %s", c->serve.proxy);
			goto out;
		}
		how.has_proxy = true;
		how.proxy_uid = proxy->pw_uid;
	}
	rc = serve_open(&how, serve, e);
out:
	free(roles);
	return (rc);
}

/* ---- cretula serve token ---- */

/* The tier that the configuration has for role, or that it is called; else TIER.  0; -1 with e. */
static int
find_tier(const struct app_args *args, const char *path, const char **tier, struct err *e)
{
	const char *role = app_arg(args, "role"), *given = app_arg(args, "config");
	struct config *c = NULL;
	struct buf report = { 0 };
	enum view_role known;
	int rc = config_load(given != NULL ? given : path, &c, &report, e);

	*tier = view_role_find(role, &known, NULL) == 0 ? view_role_names[known] : "TIER";
	for (unsigned i = 0; rc == 0 && i < c->role_count; i++)
		if (strcmp(c->roles[i].name, role) == 0)
			*tier = view_role_names[c->roles[i].tier];
	if (rc == -1 && given != NULL)
		app_hint(&report);
	buf_free(&report);
	if (rc == 0)
		config_free(c);
	return (given == NULL ? 0 : rc); /* without one there need be none */
}

static void
print_token(
    const char *token, const char *role, const char *tier, const char *hash, struct buf *out)
{
	enum view_role known;

	buf_fmt(out,
	    "%s\n\n"
	    "This is the token; it is told once. For the configuration:\n\n"
	    "roles:\n  %s: { tier: %s, token_hash: \"%s\" }\n",
	    token, role, tier, hash);
	if (view_role_find(tier, &known, NULL) == -1)
		buf_str(out, "\nTIER is developer, analyst, public or auditor.\n");
}

int
app_serving_token(const struct app_args *args, const char *path)
{
	const char *role = app_arg(args, "role"), *tier;
	char token[SERVE_TOKEN_TEXT_BYTES], hash[SERVE_HASH_TEXT_BYTES];
	unsigned char bytes[32];
	struct buf out = { 0 };
	struct err e;
	int code;

	if (role == NULL || !store_name_ok(span_str(role))) {
		(void)err_set(&e, ERR_USAGE, "--role NAME is needed, as roles: has it");
		return (app_fail("serve", &e));
	}
	if (find_tier(args, path, &tier, &e) == -1)
		return (app_fail("serve", &e));
	serve_token_make(token);
	serve_token_hash(span_str(token), bytes);
	serve_hash_print(bytes, hash);
	if (args->json) {
		buf_char(&out, '{');
		json_str(&out, "role", span_str(role));
		json_str(&out, "token", span_str(token));
		json_str(&out, "token_hash", span_str(hash));
		buf_str(&out, "}\n");
	} else
		print_token(token, role, tier, hash, &out);
	crypto_wipe(token, sizeof(token));
	code = buf_ok(&out) ? 0 : ERR_IO;
	if (code == 0 && app_print(&out, &e) == -1)
		code = app_fail("serve", &e);
	buf_wipe(&out);
	return (code);
}
