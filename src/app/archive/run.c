#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/archive/pass.h"
#include "app/names.h"
#include "app/source/secret.h"
#include "base/err.h"

struct run {
	struct app_archive *a;
	struct app_archive_source source;
	struct app_records archived; /* the chain of the archive */
	struct app_archive_state state;
	struct app_archive_pace pace;
	struct archive *strict;
	struct store *store; /* the archive's */
	struct store_stream *stream;
	struct app_archive_work work;
	char policy[65];
};

/* ---- places ---- */

/* The whole path, also of what is not there yet. */
static int
whole_path(const char *path, char out[static PATH_MAX], struct err *e)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
	size_t len;

	if (realpath(path, out) != NULL)
		return (0);
	len = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
	(void)snprintf(
	    folder, sizeof(folder), "%.*s", (int)len, slash == NULL ? "." : path);
	if (strlen(path) >= PATH_MAX || realpath(folder, out) == NULL)
		return (err_sys(e, ERR_INPUT, "%s", path));
	len = strlen(out);
	if (len + 1 + strlen(name) >= PATH_MAX)
		return (err_set(e, ERR_USAGE, "%s: the path is too long", path));
	(void)snprintf(out + len, PATH_MAX - len, "/%s", name);
	return (0);
}

/* Is inner the same as outer, or in it? */
static bool
lies_in(const char *inner, const char *outer)
{
	size_t len = strlen(outer);

	return (strncmp(inner, outer, len) == 0 && (inner[len] == '\0' || inner[len] == '/'));
}

static int
check_places(const struct app_archive *a, struct err *e)
{
	char store[PATH_MAX], to[PATH_MAX];
	size_t len = strlen(a->to);
	struct stat st;

	if (len > 1 && a->to[len - 1] == '/')
		return (err_set(e, ERR_USAGE, "%s: without a slash at its end", a->to));
	if (lstat(a->to, &st) == 0 && S_ISLNK(st.st_mode))
		return (err_set(e, ERR_USAGE, "%s is a link: name the directory", a->to));
	if (whole_path(a->store, store, e) == -1 || whole_path(a->to, to, e) == -1)
		return (-1);
	if (lies_in(store, to) || lies_in(to, store))
		return (err_set(e, ERR_USAGE,
		    "the archive needs a directory of its own: %s and %s lie in each other", a->to,
		    a->store));
	return (0);
}

/* ---- what is there ---- */

/* 1: there is no archive yet. */
static int
read_archived(struct run *r, struct err *e)
{
	const struct app_archive *a = r->a;

	app_records_close(&r->archived);
	app_archive_state_free(&r->state);
	if (app_records_open(&r->archived, a->to, a->stream, NULL, NULL, e) == -1)
		return (e->code == ERR_INPUT ? 1 : -1);
	if (app_archive_state_read(
		&r->archived.chain, buf_view(&r->source.origin), &r->state, e) == -1)
		return (err_in(e, "archive %s: stream %s", a->to, a->stream));
	return (0);
}

static size_t
count_parts(const struct run *r)
{
	size_t count;

	(void)app_archive_source_parts(&r->source, &count);
	return (count);
}

/* Will anything be said of the source? */
static bool
binds(const struct run *r)
{
	return (count_parts(r) > 0 || (r->state.begun && r->state.made != 0));
}

/* Without the lock: is anything to be done?  An archive that is there may have to be repaired. */
static int
look(struct run *r, bool *nothing, struct err *e)
{
	int found;

	if (app_archive_source_open(&r->source, r->a->store, r->a->stream, e) == -1 ||
	    (found = read_archived(r, e)) == -1 ||
	    app_archive_source_plan(&r->source, &r->state, r->a->until_us, e) == -1)
		return (-1);
	*nothing = found == 1 && count_parts(r) == 0;
	return (0);
}

/* With it: somebody may have been faster. */
static int
open_archive(struct run *r, struct err *e)
{
	const struct app_archive *a = r->a;
	bool created;

	if (archive_policy_hash(&a->policy, r->policy, e) == -1 ||
	    store_open(a->to, a->keys, &r->store, &created, e) == -1 ||
	    store_stream_open(r->store, a->stream, r->policy, app_names(), &r->stream, e) == -1)
		return (-1);
	if (read_archived(r, e) != 0)
		return (-1);
	if (!store_stream_holds(r->stream, &r->archived.chain))
		return (err_set(e, ERR_FINDING,
		    "archive %s: stream %s: chain.jsonl changes meanwhile", a->to, a->stream));
	if (app_archive_source_plan(&r->source, &r->state, a->until_us, e) == -1)
		return (-1);
	return (0);
}

/* ---- the work ---- */

/* What a crash kept from being said. */
static int
complete(struct run *r, struct err *e)
{
	if (!r->state.begun || r->state.made == 0)
		return (0);
	r->state.begun = false;
	r->a->completed = true;
	return (app_archive_bind(&r->work, buf_view(&r->state.segs), r->state.made, e));
}

static int
take_all(struct run *r, struct err *e)
{
	size_t count, n;
	const struct app_archive_part *parts = app_archive_source_parts(&r->source, &count);
	struct app_archive_pass *pass = NULL;
	uint64_t total = 0;
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		total += parts[i].bytes;
	if (count > 0)
		rc = app_archive_pass_open(&r->work, &pass, e);
	for (; rc == 0 && count > 0; parts += n, count -= n) {
		n = app_archive_together(parts, count);
		rc = app_archive_pass(pass, parts, n, e);
		for (size_t i = 0; i < n; i++)
			r->a->source_bytes += parts[i].bytes;
		if (r->a->progress != NULL)
			r->a->progress(r->a->arg, r->a->source_bytes, total);
	}
	app_archive_pass_close(pass);
	return (rc);
}

/* The key goes in any case, and the chain says so. */
static int
end_key(struct run *r, struct err *e)
{
	archive_close(r->strict);
	r->strict = r->work.strict = NULL;
	return (app_secret_destroyed(r->store, r->stream, r->a->stream, NULL, NULL, e));
}

static int
work(struct run *r, struct err *e)
{
	struct app_archive *a = r->a;
	bool locked = false;

	if ((binds(r) && app_archive_source_verify(&r->source, a, &r->pace, e) == -1) ||
	    open_archive(r, e) == -1 || archive_open(&a->policy, &r->strict, &locked, e) == -1)
		return (-1);
	a->unlocked = !locked;
	r->work = (struct app_archive_work){ a, &r->source, r->stream, r->strict, &r->pace,
		r->policy };
	if (complete(r, e) == -1 || take_all(r, e) == -1 || end_key(r, e) == -1 ||
	    store_stream_head(r->stream, e) == -1)
		return (-1);
	return (store_anchor(r->store, &a->anchor, e));
}

int
app_archive_run(struct app_archive *a, struct err *e)
{
	struct run *r = calloc(1, sizeof(*r));
	struct err ignored;
	bool nothing = true;
	int rc = -1;

	if (r == NULL)
		return (err_memory(e));
	r->a = a;
	r->archived.stream_fd = r->source.records.stream_fd = -1;
	app_archive_pace_begin(&r->pace, a->share);
	if (check_places(a, e) == 0 && look(r, &nothing, e) == 0)
		rc = nothing ? 0 : work(r, e);
	/* What was sealed before a failure: its key is gone as well. */
	if (rc == -1 && r->stream != NULL && a->made > 0)
		(void)end_key(r, &ignored);
	archive_close(r->strict);
	store_stream_close(r->stream);
	store_close(r->store);
	app_records_close(&r->archived);
	app_archive_state_free(&r->state);
	app_archive_source_close(&r->source);
	free(r);
	return (rc);
}
