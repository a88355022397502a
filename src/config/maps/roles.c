/* config: who may ask `serve`, and where it listens. */
#include <string.h>

#include "config/fill.h"
#include "base/err.h"
#include "serve/token.h"
#include "store/layout.h"
#include "view/tier/tier.h"
#include "view/view.h"

_Static_assert(VIEW_K_ANALYST == 10 && VIEW_K_PUBLIC == VIEW_SUBJECTS_MAX, "the range of k");
_Static_assert(CONFIG_HASH_BYTES >= SERVE_HASH_TEXT_BYTES, "a hash fits");

void
config_value_hash(struct config_loader *l, struct config_mark at, const char *name,
    const char *text, char to[static CONFIG_HASH_BYTES])
{
	unsigned char hash[32];

	if (serve_hash_read(span_str(text), hash) == -1) {
		config_say(l, at, "%s must be the hash of a token, sha256:...", name);
		config_hint(l, "cretula serve token makes one, and prints the line for this file");
		return;
	}
	memset(to, 0, CONFIG_HASH_BYTES);
	serve_hash_print(hash, to);
}

void
config_value_field(struct config_loader *l, struct config_mark at, const char *text,
    char to[static MASK_NAME_BYTES])
{
	struct buf names = { 0 };

	if (record_field_by_name(span_str(text)) != -1) {
		memset(to, 0, MASK_NAME_BYTES);
		memcpy(to, text, strnlen(text, MASK_NAME_BYTES - 1));
		return;
	}
	config_say(l, at, "fields: a record has no field of this name");
	for (int f = 0; f < RECORD_FIELD_COUNT; f++)
		buf_fmt(&names, "%s ", record_fields[f].name);
	if (buf_ok(&names))
		config_hint_near(l, span_str(text), names.data);
	buf_free(&names);
}

/* One key under two names would approve twice. */
static bool
is_given(const struct config *c, const char *to, const unsigned char public_key[static 32])
{
	struct seal_vkey other;

	for (unsigned i = 0; i < c->approver_count; i++)
		if (c->approvers[i] != to &&
		    seal_vkey_read(span_str(c->approvers[i]), &other, NULL) == 0 &&
		    memcmp(other.public_key, public_key, 32) == 0)
			return (true);
	return (false);
}

void
config_value_vkey(struct config_loader *l, struct config_mark at, const char *text,
    char to[static SEAL_VKEY_TEXT_BYTES])
{
	struct seal_vkey key;

	if (seal_vkey_read(span_str(text), &key, NULL) == -1) {
		config_say(l, at, "approvers must be public keys, NAME+...+...");
		config_hint(l, "cretula subject approver makes one, and prints the line");
	} else if (is_given(l->config, to, key.public_key))
		config_say(l, at, "approvers: this key is given twice");
	else {
		memset(to, 0, SEAL_VKEY_TEXT_BYTES);
		memcpy(to, text, strnlen(text, SEAL_VKEY_TEXT_BYTES - 1));
	}
}

const struct config_role *
config_role_find(const struct config *c, const char *name)
{
	for (unsigned i = 0; i < c->role_count; i++)
		if (strcmp(c->roles[i].name, name) == 0)
			return (&c->roles[i]);
	return (NULL);
}

struct config_role *
config_role_begin(struct config_loader *l, const struct config_node *key)
{
	struct config *c = l->config;
	char name[CONFIG_NAME_BYTES] = { 0 };
	struct config_role *role;

	if (!store_name_ok(key->text)) {
		config_say(l, key->mark, "a role is named by 1 to 32 of a-z, 0-9 and -");
		config_hint(l, "it starts with a letter");
		return (NULL);
	}
	memcpy(name, key->text.ptr, key->text.len);
	for (unsigned i = 0; i < c->role_count; i++)
		if (strcmp(c->roles[i].name, name) == 0) {
			config_say(l, key->mark,
			    "role \"%s\" is already given in %.150s on line %u", name,
			    l->sources[l->role_given[i].file].path, l->role_given[i].line);
			return (NULL);
		}
	if ((role = config_role_add(c, name)) == NULL) {
		config_say(l, key->mark, "more than %d roles", CONFIG_ROLES_MAX);
		return (NULL);
	}
	role->line = key->mark.line;
	l->role_given[c->role_count - 1] = key->mark;
	return (role);
}

static bool
is_taken(const struct config *c, unsigned until, const char *user)
{
	for (unsigned i = 0; i < until; i++)
		for (unsigned u = 0; u < c->roles[i].user_count; u++)
			if (strcmp(c->roles[i].users[u], user) == 0)
				return (true);
	return (false);
}

/* A role narrows its tier, and the name of a tier is no other one's. */
static void
check_tier(struct config_loader *l, struct config_role *role, struct config_mark at)
{
	uint64_t seen = view_role_fields((enum view_role)role->tier);
	enum view_role tier;
	struct err e;

	if (view_role_find(role->name, &tier, &e) == 0 && tier != role->tier)
		config_say(l, at, "role \"%s\" must be of the tier of this name", role->name);
	if (role->tier == VIEW_PUBLIC && role->k == VIEW_K_ANALYST)
		role->k = VIEW_K_PUBLIC; /* what the table says is the analysts' */
	if (role->tier == VIEW_PUBLIC && role->k < VIEW_K_PUBLIC)
		config_say(l, at, "role \"%s\": k of the public is %u", role->name, VIEW_K_PUBLIC);
	if ((role->tier == VIEW_DEVELOPER || role->tier == VIEW_AUDITOR) &&
	    role->k != VIEW_K_ANALYST)
		config_say(l, at, "role \"%s\": k is of the tiers analyst and public", role->name);
	for (unsigned i = 0; i < role->field_count; i++) {
		int field = record_field_by_name(span_str(role->fields[i]));

		if (field != -1 && (seen >> field & 1) == 0)
			config_say(l, at, "role \"%s\": its tier does not see %s", role->name,
			    role->fields[i]);
	}
}

static void
check_role(struct config_loader *l, unsigned i)
{
	const struct config *c = l->config;
	const struct config_role *role = &c->roles[i];

	for (unsigned s = 0; s < role->stream_count; s++)
		if (!store_name_known(span_str(role->streams[s])))
			config_say(l, l->role_given[i], "streams: %s cannot be a stream",
			    role->streams[s]);
	for (unsigned u = 0; u < role->user_count; u++)
		if (is_taken(c, i, role->users[u]))
			config_say(l, l->role_given[i], "users: %s has another role already",
			    role->users[u]);
	for (unsigned other = 0; other < i; other++)
		if (role->token_hash[0] != '\0' &&
		    strcmp(role->token_hash, c->roles[other].token_hash) == 0)
			config_say(
			    l, l->role_given[i], "its token is that of %s", c->roles[other].name);
}

static bool
is_loopback(const struct input_place *place)
{
	return (strcmp(place->path, "127.0.0.1") == 0 || strcmp(place->path, "::1") == 0 ||
	    strcmp(place->path, "localhost") == 0);
}

static void
check_serve(struct config_loader *l, struct config_mark at)
{
	const struct config_serve *s = &l->config->serve;
	bool certificate = s->tls.certificate[0] != '\0', key = s->tls.key[0] != '\0';
	struct input_place place = { 0 };

	if (certificate != key)
		config_say(l, at, "serve: TLS needs certificate and key; there is no %s",
		    key ? "certificate" : "key");
	if (s->listen[0] == '\0' || config_listen(s->listen, &place, NULL) == -1)
		return;
	if (place.kind != INPUT_UNIX_STREAM && !is_loopback(&place) && !certificate) {
		config_say(l, at, "serve: others would read along: that address needs TLS");
		config_hint(l, "listen: \"127.0.0.1:8466\", or a certificate and its key");
	}
	if (s->proxy[0] != '\0' && place.kind != INPUT_UNIX_STREAM)
		config_say(l, at, "serve: a proxy is believed at a unix socket only");
}

void
config_roles_check(struct config_loader *l)
{
	struct config_mark at = { 0 };

	for (size_t i = 0; i < config_option_count; i++)
		if (strncmp(config_options[i].path, "serve.", 6) == 0 && l->given[i].line != 0 &&
		    at.line == 0)
			at = l->given[i];
	check_serve(l, at);
	for (unsigned i = 0; i < l->config->role_count; i++) {
		check_tier(l, &l->config->roles[i], l->role_given[i]);
		check_role(l, i);
	}
}
