/* app: cretula publish: counts for everybody, as files. */
#include <fcntl.h>
#include <unistd.h>

#include "app/command.h"
#include "app/role/counts.h"
#include "app/role/grant.h"
#include "app/role/place.h"
#include "app/say.h"
#include "base/err.h"
#include "base/io.h"

static const struct app_option options[] = {
	APP_ROLE_CONFIG,
	{ "out", "DIR", "directory of the files, made if it is not there" },
	{ "role", "ROLE", "public (the default), or a role of that tier" },
	{ "since", "T", "from then on: RFC 3339, or -7d; whole days" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream (default: the only one of the store)" },
	{ "until", "T", "before then" },
	{ NULL, NULL, NULL },
};

static int
find_grant(const struct app_args *args, struct view_grant *grant, struct buf *hint, struct err *e)
{
	*grant = view_grant_of(VIEW_PUBLIC);
	if (app_arg(args, "role") == NULL && app_arg(args, "config") == NULL)
		return (0);
	if (app_arg(args, "role") == NULL)
		return (err_set(e, ERR_USAGE, "--config: --role NAME says which of its roles"));
	if (app_grant(args, grant, hint, e) == -1)
		return (-1);
	if (grant->tier != VIEW_PUBLIC)
		return (err_set(
		    e, ERR_USAGE, "role %s is not of the tier public", app_arg(args, "role")));
	return (0);
}

/* Each file appears whole; the page, which names the other one, last. */
static int
write_files(const char *dir, const struct buf *json, const struct buf *page, struct err *e)
{
	int fd, rc = -1;

	if (!buf_ok(json) || !buf_ok(page))
		return (err_set(e, ERR_IO, "no memory"));
	if (io_mkdir(AT_FDCWD, dir, 0755, e) == -1 || (fd = io_open_dir(AT_FDCWD, dir, e)) == -1)
		return (err_in(e, "--out"));
	if (io_replace(fd, "counts.json", buf_view(json), 0644, false, e) == 0 &&
	    io_replace(fd, "index.html", buf_view(page), 0644, false, e) == 0)
		rc = 0;
	(void)close(fd);
	return (rc == 0 ? 0 : err_in(e, "--out"));
}

static int
run(const struct app_args *given)
{
	struct app_args filled = *given, *args = &filled;
	const char *dir = app_arg(args, "out");
	struct app_place place;
	struct buf hint = { 0 }, json = { 0 }, page = { 0 }, said = { 0 };
	struct err e = { ERR_NONE, "" };
	struct app_counts c = { 0 };
	int code = 0;

	if ((dir == NULL && err_set(&e, ERR_USAGE, "--out DIR is needed") == -1) ||
	    app_place_config(args, &place, &hint, &e) == -1 ||
	    app_place_stream(args, &place, &e) == -1 ||
	    find_grant(args, &c.grant, &hint, &e) == -1 || app_counts_open(&c, args, &e) == -1) {
		code = app_fail("publish", &e);
		app_hint(&hint);
	} else {
		app_counts_json(&c, &json);
		app_counts_page(&c, &page);
		if (write_files(dir, &json, &page, &e) == -1)
			code = app_fail("publish", &e);
		else if (args->json)
			buf_span(&said, buf_view(&json));
		else
			buf_fmt(&said, "%s/index.html, %s/counts.json: %zu days\n", dir, dir,
			    c.counts.point_count);
	}
	app_counts_close(&c);
	buf_free(&hint);
	buf_free(&json);
	buf_free(&page);
	return (app_finish("publish", &said, code));
}

const struct app_command app_command_publish = { "publish",
	"counts for everybody, as a page and JSON", "", 0, 0, options,
	"Whole days that are over, of at least 20 distinct subjects each; smaller cells are in\n"
	"\"other\", numbers are rounded to tens. The page needs no script and loads nothing. The\n"
	"same days always give the same files, so it can run every night.\n\n"
	"examples:\n"
	"  cretula publish --store ./store --stream shop --out /srv/www/counts\n"
	"  cretula publish --store ./store --stream shop --since -90d --out counts --json | jq "
	".total\n",
	run };
