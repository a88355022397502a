/* app: subject find, subject export: the answer is sealed before it is shown. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "app/say.h"
#include "app/subject/actions.h"
#include "app/subject/answer.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/num.h"
#include "key/recovery.h"
#include "store/erase/asked.h"

struct work {
	struct app_desk desk;
	struct app_answers answers;
	const char *out_path; /* NULL: none */
	int out_fd;
	bool exports, made, sealed;
	struct buf statement;
};

/* A new folder, closed to others, where what it holds is nobody's to read but the owner's. */
static int
make_folder(struct work *w, struct err *e)
{
	if (w->out_path == NULL)
		return (0);
	if (key_outside(w->out_path, e) == -1)
		return (-1);
	if (mkdir(w->out_path, 0700) == -1)
		return (err_sys(e, errno == EEXIST ? ERR_USAGE : ERR_IO, "--out: %s", w->out_path));
	w->made = true;
	w->out_fd = io_open_dir(AT_FDCWD, w->out_path, e);
	return (w->out_fd == -1 ? -1 : 0);
}

/* Nothing is left of an answer that is not given. */
static void
drop_folder(struct work *w)
{
	static const char *const files[] = { "report.html", "report.json", "statement.txt" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && w->out_fd != -1; i++)
		if (faccessat(w->out_fd, files[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			(void)io_shred(w->out_fd, files[i], NULL);
	(void)rmdir(w->out_path);
}

static int
write_files(struct work *w, struct err *e)
{
	if (w->out_path == NULL)
		return (0);
	if (w->statement.len > 0 &&
	    io_replace(w->out_fd, "statement.txt", buf_view(&w->statement), 0600, true, e) == -1)
		return (-1);
	if (w->exports &&
	    (app_answers_file(&w->desk, &w->answers, w->out_fd, e) == -1 ||
		app_answers_page(&w->desk, &w->answers, w->out_fd, e) == -1))
		return (-1);
	return (io_sync_dir(w->out_fd, e));
}

static int
work(struct work *w, const struct app_args *args, struct err *e)
{
	struct store_asked asked;

	w->exports = strcmp(args->operands[0], "export") == 0;
	w->desk.counts = !w->exports;
	w->out_path = app_arg(args, "out");
	if (w->exports && w->out_path == NULL)
		return (err_set(e, ERR_USAGE, "--out DIR is needed: the report is written there"));
	if (app_desk_open(&w->desk, args, e) == -1 ||
	    app_desk_request(&w->desk, w->exports ? APP_REQUEST_EXPORT : APP_REQUEST_FIND, e) ==
		-1 ||
	    app_answers_find(&w->desk, &w->answers, e) == -1 ||
	    (w->answers.gone > 0 &&
		app_statement_make(&w->desk, &w->answers, &w->statement, e) == -1) ||
	    make_folder(w, e) == -1)
		return (-1);
	/* Sealed first: what is given, even in part, was asked for. */
	asked = app_desk_asked(&w->desk);
	if (store_asked_seal(w->desk.live.store, &asked, e) == -1)
		return (-1);
	w->sealed = true;
	return (write_files(w, e));
}

/* ---- what is shown ---- */

static void
put_count(struct buf *out, uint64_t n, const char *one, const char *many)
{
	char text[32];

	num_print_grouped(text, n);
	buf_fmt(out, "%s %s", text, n == 1 ? one : many);
}

static void
print_stream(const struct app_answer *a, struct buf *out)
{
	const struct app_day *days = (const struct app_day *)(const void *)a->found.days.data;
	char text[16], count[32];

	buf_fmt(out, "stream %s: ", a->stream);
	put_count(out, a->found.count, "record", "records");
	buf_str(out, " of ");
	put_count(out, a->found.records, "that is sealed\n", "that are sealed\n");
	for (size_t i = 0; i < a->found.days.len / sizeof(days[0]); i++) {
		(void)app_day_text(days[i].day, text);
		num_print_grouped(count, days[i].count);
		buf_fmt(out, "  %s  %s\n", text, count);
	}
}

static void
print_text(const struct work *w, struct buf *out)
{
	for (size_t i = 0; i < w->answers.count; i++)
		print_stream(&w->answers.list[i], out);
	if (w->answers.network > 0) {
		put_count(out, w->answers.network, "more record has", "more records have");
		buf_str(out, " only the network: nobody can tell whose of it\n");
	}
	if (w->out_path != NULL)
		buf_fmt(out, "written to %s\n", w->out_path);
	else if (w->statement.len > 0) {
		buf_char(out, '\n');
		buf_span(out, buf_view(&w->statement));
	}
}

static void
print_json(const struct work *w, struct buf *out)
{
	app_answers_json(&w->desk, &w->answers, out);
	if (w->statement.len > 0)
		json_str(out, "statement", buf_view(&w->statement));
	if (w->out_path != NULL)
		json_str(out, "out", span_str(w->out_path));
	buf_str(out, "}\n");
}

int
app_subject_find(const struct app_args *args)
{
	static struct work w;
	const char *name =
	    strcmp(args->operands[0], "export") == 0 ? "subject export" : "subject find";
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code;

	w.out_fd = -1;
	if (work(&w, args, &e) == -1) {
		if (w.made)
			drop_folder(&w);
		code = app_fail(name, &e);
		if (w.sealed)
			app_warn(name,
			    "the request is used up, and nothing was given: make another");
	} else {
		(args->json ? print_json : print_text)(&w, &out);
		if (w.answers.missing > 0)
			app_warn(name,
			    "keys of %ju epochs are not here, though no entry says that they were "
			    "destroyed",
			    (uintmax_t)w.answers.missing);
		code = app_finish(name, &out, w.answers.missing > 0 ? ERR_INCOMPLETE : 0);
	}
	if (w.out_fd != -1)
		(void)close(w.out_fd);
	buf_free(&w.statement);
	app_answers_close(&w.answers);
	app_desk_close(&w.desk);
	return (code);
}
