/* app: what somebody might do to a sealed store, and what verify says of it. */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "app/demo/demo.h"
#include "app/fold.h"
#include "base/err.h"
#include "base/io.h"

#define PATH_BYTES 1024
#define FILE_BYTES_MAX ((size_t)1 << 28)

/* Change the bytes of a file; what is left of it stays in text. */
typedef void (*changer)(struct buf *text);

static void
flip_byte(struct buf *text)
{
	text->data[text->len / 2] ^= 1;
}

/* The newest entry of a chain. */
static void
cut_entry(struct buf *text)
{
	for (text->len--; text->len > 0 && text->data[text->len - 1] != '\n';)
		text->len--;
}

/* "n":24310 becomes another number of as many digits. */
static void
change_count(struct buf *text)
{
	char *at = strstr(text->data, "\"n\":");

	if (at != NULL)
		at[4] = at[4] == '9' ? '8' : (char)(at[4] + 1);
}

static void
take_away(struct buf *text)
{
	text->len = 0;
}

static const struct {
	const char *what, *folder, *suffix; /* below STORE/streams; the first such file */
	changer change; /* to nothing: the file is removed */
} tricks[] = {
	{ "one bit of a sealed file is flipped", "shop/seg", ".jsonl.zst", flip_byte },
	{ "a sealed file is taken away", "api/seg", ".jsonl.zst", take_away },
	{ "the count of an entry is changed", "hosts", "chain.jsonl", change_count },
	{ "the newest entry of a chain is cut off", "shop", "chain.jsonl", cut_entry },
};

static int
find_file(const char *store, const char *folder, const char *suffix, char out[static PATH_BYTES])
{
	char dir[PATH_BYTES / 2];
	const struct dirent *entry;
	DIR *opened;
	int rc = -1;

	(void)snprintf(dir, sizeof(dir), "%s/streams/%s", store, folder);
	if ((opened = opendir(dir)) == NULL)
		return (-1);
	while (rc == -1 && (entry = readdir(opened)) != NULL) {
		size_t len = strlen(entry->d_name), tail = strlen(suffix);

		if (len >= tail && strcmp(entry->d_name + len - tail, suffix) == 0) {
			(void)snprintf(out, PATH_BYTES, "%s/%s", dir, entry->d_name);
			rc = 0;
		}
	}
	(void)closedir(opened);
	return (rc);
}

/* Where, and below it what. */
static void
add_finding(struct span line, struct buf *out)
{
	size_t where = 0;

	while (where < line.len && !span_starts(span_from(line, where), span_str(": ")))
		where++;
	buf_fmt(out, "    %.*s\n", (int)where, line.ptr);
	if (where < line.len) {
		buf_str(out, "      ");
		app_fold_words(span_from(line, where + 2), 6, 6, APP_FOLD_COLUMNS, out);
		buf_char(out, '\n');
	}
}

/* The lines of a report that say what is wrong. */
static bool
add_findings(struct span report, struct buf *out)
{
	bool any = false;

	while (report.len > 0) {
		size_t end = span_find(report, '\n');

		if (span_starts(report, span_str("E_"))) {
			add_finding(span_of(report.ptr, end), out);
			any = true;
		}
		report = span_from(report, end + 1);
	}
	return (any);
}

static int
verify(const char *store, const char *anchor, struct buf *report, struct err *e)
{
	const char *const argv[] = { "cretula", "verify", "--store", store, "--anchor", anchor,
		NULL };

	return (app_demo_run(argv, (struct span){ NULL, 0 }, report, e));
}

static int
try_one(size_t i, const char *store, const char *anchor, struct buf *out, struct err *e)
{
	struct buf before = { 0 }, after = { 0 }, report = { 0 };
	char path[PATH_BYTES];
	int rc = -1, code = -1;

	if (find_file(store, tricks[i].folder, tricks[i].suffix, path) == -1)
		return (err_set(e, ERR_IO, "nothing in %s to change", tricks[i].folder));
	if (io_read_file(AT_FDCWD, path, FILE_BYTES_MAX, &before, e) == 0) {
		buf_span(&after, buf_view(&before));
		tricks[i].change(&after);
		if (after.len == 0)
			rc = io_unlink(AT_FDCWD, path, e);
		else
			rc = io_replace(AT_FDCWD, path, buf_view(&after), 0640, false, e);
		if (rc == 0)
			code = verify(store, anchor, &report, e);
		if (io_replace(AT_FDCWD, path, buf_view(&before), 0640, false, e) == -1)
			rc = -1;
	}
	buf_fmt(out, "\n%s\n", tricks[i].what);
	if (rc == 0 && (code != ERR_FINDING || !add_findings(buf_view(&report), out)))
		rc = err_set(e, ERR_FINDING, "%s, and verify did not find it", tricks[i].what);
	buf_free(&before);
	buf_free(&after);
	buf_free(&report);
	return (rc);
}

int
app_demo_tamper(const char *store, const char *anchor, struct buf *out, struct err *e)
{
	struct buf report = { 0 };
	int rc = 0;

	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]) && rc == 0; i++)
		rc = try_one(i, store, anchor, out, e);
	if (rc == 0 && verify(store, anchor, &report, e) != 0)
		rc = err_set(e, ERR_FINDING, "all of it undone, and the store does not verify");
	if (rc == 0)
		buf_str(out, "\nundone, each of it; the store verifies again\n");
	buf_free(&report);
	return (rc);
}
