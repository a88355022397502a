/* app: which files a daemon opens once it runs. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/sandbox/sandbox.h"
#include "base/err.h"
#include "store/layout.h"

/*
 * Too wide to be opened as a whole for the sake of one file, or of a store in
 * it: what others have there is none of ours.
 */
static const char *const wide[] = { "/", "/boot", "/dev", "/dev/shm", "/etc", "/home", "/media",
	"/mnt", "/opt", "/proc", "/root", "/run", "/srv", "/sys", "/tmp", "/usr", "/usr/local",
	"/usr/local/etc", "/var", "/var/backups", "/var/cache", "/var/lib", "/var/log", "/var/run",
	"/var/spool", "/var/tmp" };

/* Names, zones, and what tells one boot from another. */
static const char *const of_the_system[] = {
#ifdef APP_SANITIZED
	"/proc",
#endif
	"/etc/gai.conf", "/etc/host.conf", "/etc/hosts", "/etc/localtime", "/etc/nsswitch.conf",
	"/etc/resolv.conf", "/etc/services", "/etc/ssl/openssl.cnf",
	"/proc/sys/kernel/random/boot_id", "/usr/share/zoneinfo"
};

static bool
is_wide(const char *path)
{
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (strcmp(path, wide[i]) == 0)
			return (true);
	return (false);
}

/* Something that is there, links resolved. */
static void
add(struct app_places *out, const char *path, unsigned rights)
{
	char real[CONFIG_PATH_BYTES * 4], *found = realpath(path, NULL);
	size_t len = found == NULL ? 0 : strlen(found);

	if (len > 0 && len < sizeof(real))
		memcpy(real, found, len + 1);
	free(found);
	if (len == 0 || len >= CONFIG_PATH_BYTES)
		return; /* nobody can open it now, either */
	for (unsigned i = 0; i < out->count; i++)
		if (strcmp(out->list[i].path, real) == 0) {
			out->list[i].rights |= rights;
			return;
		}
	if (out->count == APP_PLACES_MAX) {
		out->full = true;
		return;
	}
	memcpy(out->list[out->count].path, real, len + 1);
	out->list[out->count++].rights = rights;
}

/* The directory of a path, which need not be there itself. */
static void
directory_of(const char *path, char *out)
{
	size_t end = strlen(path), len;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (len = end; len > 0 && path[len - 1] != '/';)
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	memcpy(out, len == 0 ? "." : path, len == 0 ? 1 : len);
	out[len == 0 ? 1 : len] = '\0';
}

static void
add_directory(struct app_places *out, const char *path, unsigned rights)
{
	char directory[CONFIG_PATH_BYTES];

	if (path[0] == '\0')
		return;
	directory_of(path, directory);
	add(out, directory, rights);
}

/* A file that may be replaced, and what it is a link to. */
static void
add_file(struct app_places *out, const char *path)
{
	char directory[CONFIG_PATH_BYTES], *real = realpath(path, NULL);

	directory_of(path, directory);
	add(out, is_wide(directory) ? path : directory, APP_PLACE_READ);
	if (real != NULL && strlen(real) < CONFIG_PATH_BYTES) {
		directory_of(real, directory);
		add(out, is_wide(directory) ? real : directory, APP_PLACE_READ);
	}
	free(real);
}

static void
add_files(struct app_places *out, const char (*paths)[CONFIG_PATH_BYTES], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		add_file(out, paths[i]);
}

static void
add_input(struct app_places *out, const struct input_place *place, bool writes)
{
	switch (place->kind) {
	case INPUT_FILE:
		add_directory(out, place->path, APP_PLACE_READ | (writes ? APP_PLACE_WRITE : 0));
		break;
	case INPUT_FIFO: add_directory(out, place->path, APP_PLACE_FIFO); break;
	case INPUT_UNIX:
	case INPUT_UNIX_STREAM: add_directory(out, place->path, APP_PLACE_SOCKET); break;
	case INPUT_HTTP:
		if (place->path[0] == '/')
			add_directory(out, place->path, APP_PLACE_SOCKET);
		break;
	default: /* no file */ break;
	}
}

static void
add_stream(struct app_places *out, const struct config_stream *s)
{
	add_input(out, &s->input, s->after_read != INPUT_KEEP);
	add_files(out, s->routes, s->route_count);
	add_files(out, s->openapi, s->openapi_count);
	if (s->tls.certificate[0] != '\0')
		add_file(out, s->tls.certificate);
	if (s->tls.key[0] != '\0')
		add_file(out, s->tls.key);
	if (s->tls.client_ca[0] != '\0')
		add_file(out, s->tls.client_ca);
	if (s->token[0] != '\0')
		add_file(out, s->token);
	for (unsigned i = 0; i < s->docroot_count; i++)
		add(out, s->docroot[i], APP_PLACE_READ);
}

static void
add_system(struct app_places *out)
{
	for (size_t i = 0; i < sizeof(of_the_system) / sizeof(of_the_system[0]); i++)
		add(out, of_the_system[i], APP_PLACE_READ);
}

void
app_places_find(const struct config *c, const char *store, const char *keys, struct app_places *out)
{
	char beside[CONFIG_PATH_BYTES + 8];
	struct input_place metrics;

	memset(out, 0, sizeof(*out));
	add(out, store, APP_PLACE_READ | APP_PLACE_WRITE);
	(void)store_keys_beside(store, beside, sizeof(beside));
	add(out, keys != NULL ? keys : beside, APP_PLACE_READ | APP_PLACE_WRITE);
	directory_of(store, beside); /* where the control socket is */
	if (!is_wide(beside))
		add(out, beside, APP_PLACE_SOCKET);
	if (config_listen(c->metrics, &metrics, NULL) == 0)
		add_input(out, &metrics, false);
	add_file(out, c->path);
	if (c->geo_asn[0] != '\0')
		add_file(out, c->geo_asn);
	if (c->geo_country[0] != '\0')
		add_file(out, c->geo_country);
	for (unsigned i = 0; i < c->stream_count; i++)
		if (c->streams[i].input.kind != INPUT_PIPE)
			add_stream(out, &c->streams[i]);
	add_system(out);
}

void
app_places_store(const char *store, const char *keys, struct app_places *out)
{
	char beside[CONFIG_PATH_BYTES + 8];

	memset(out, 0, sizeof(*out));
	add(out, store, APP_PLACE_READ | APP_PLACE_WRITE);
	(void)store_keys_beside(store, beside, sizeof(beside));
	add(out, keys != NULL ? keys : beside, APP_PLACE_READ | APP_PLACE_WRITE);
	add_system(out);
}

/* Is path the directory, or below it? */
static bool
is_below(const char *path, const char *directory)
{
	char *real = realpath(path, NULL), *top = realpath(directory, NULL);
	size_t len = top == NULL || strcmp(top, "/") == 0 ? 0 : strlen(top);
	bool below = real != NULL && top != NULL && strncmp(real, top, len) == 0 &&
	    (real[len] == '\0' || real[len] == '/');

	free(real);
	free(top);
	return (below);
}

void
app_places_view(const struct app_places_reader *r, struct app_places *out)
{
	char beside[CONFIG_PATH_BYTES + 8], directory[CONFIG_PATH_BYTES];

	memset(out, 0, sizeof(*out));
	add(out, r->store, APP_PLACE_READ);
	if (r->tls->certificate[0] != '\0')
		add_file(out, r->tls->certificate);
	if (r->tls->key[0] != '\0')
		add_file(out, r->tls->key);
	(void)store_keys_beside(r->store, beside, sizeof(beside));
	directory_of(r->config, directory);
	if (is_below(r->keys != NULL ? r->keys : beside, directory))
		add(out, r->config, APP_PLACE_READ);
	else
		add_file(out, r->config);
	add(out, "/etc/passwd", APP_PLACE_READ);
	add_system(out);
}

const char *
app_places_hint(struct err *e)
{
	size_t len = strlen(e->text);

	if (e->code == ERR_INPUT)
		(void)snprintf(e->text + len, sizeof(e->text) - len,
		    "; beside keys, or in a directory as wide as /etc, a file that took its place "
		    "is read by a restart only (sandbox)");
	return (e->text);
}

/* ---- of a command ---- */

struct app_places *
app_places_new(struct err *e)
{
	struct app_places *made = calloc(1, sizeof(*made));

	if (made == NULL)
		(void)err_memory(e);
	else
		add_system(made);
	return (made);
}

/* A path that is too long for the list must not become one that cannot be opened. */
void
app_places_add(struct app_places *out, const char *path, unsigned rights)
{
	char *real = realpath(path, NULL);

	if (real != NULL && strlen(real) >= CONFIG_PATH_BYTES)
		out->full = true;
	free(real);
	add(out, path, rights);
}

void
app_places_add_beside(struct app_places *out, const char *path, unsigned rights)
{
	char directory[PATH_MAX];

	if (strlen(path) >= sizeof(directory))
		return; /* no path of a file */
	directory_of(path, directory);
	app_places_add(out, directory, rights);
}

void
app_places_add_store(
    struct app_places *out, const char *store, const char *keys, bool made)
{
	char beside[PATH_MAX];
	const char *both[] = { store, keys };

	(void)store_keys_beside(store, beside, sizeof(beside));
	if (keys == NULL)
		both[1] = beside;
	for (int i = 0; i < 2; i++)
		(made ? app_places_add : app_places_add_beside)(
		    out, both[i], APP_PLACE_READ | APP_PLACE_WRITE);
}

void
app_places_add_words(struct app_places *out, const struct config_stream *s)
{
	for (unsigned i = 0; i < s->route_count; i++)
		app_places_add(out, s->routes[i], APP_PLACE_READ);
	for (unsigned i = 0; i < s->openapi_count; i++)
		app_places_add(out, s->openapi[i], APP_PLACE_READ);
	for (unsigned i = 0; i < s->docroot_count; i++)
		app_places_add(out, s->docroot[i], APP_PLACE_READ);
}

static bool
covers(const struct app_place *one, const struct app_place *wanted)
{
	size_t len = strcmp(one->path, "/") == 0 ? 0 : strlen(one->path);

	return ((one->rights & wanted->rights) == wanted->rights &&
	    strncmp(one->path, wanted->path, len) == 0 &&
	    (wanted->path[len] == '\0' || wanted->path[len] == '/'));
}

const struct app_place *
app_places_lack(const struct app_places *has, const struct app_places *wanted)
{
	for (unsigned i = 0; i < wanted->count; i++) {
		bool found = false;

		for (unsigned n = 0; n < has->count && !found; n++)
			found = covers(&has->list[n], &wanted->list[i]);
		if (!found)
			return (&wanted->list[i]);
	}
	return (NULL);
}
