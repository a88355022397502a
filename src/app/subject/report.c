/* app: the records of a person as one JSON file. */
#include <fcntl.h>
#include <unistd.h>

#include "app/subject/answer.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"

struct writing {
	struct app_sheet sheet;
	bool some; /* of the stream */
};

static int
put_record(void *arg, uint64_t number, struct span line, struct err *e)
{
	struct writing *w = arg;

	buf_fmt(&w->sheet.buf, "%s{\"number\":%ju,\"record\":", w->some ? ",\n" : "\n",
	    (uintmax_t)number);
	buf_span(&w->sheet.buf, line);
	buf_char(&w->sheet.buf, '}');
	w->some = true;
	return (app_sheet_write(&w->sheet, false, e));
}

static int
put_streams(struct writing *w, struct app_answers *a, struct err *e)
{
	for (size_t i = 0; i < a->count; i++) {
		json_item(&w->sheet.buf);
		app_answer_json(&a->list[i], &w->sheet.buf);
		json_array(&w->sheet.buf, "list");
		w->some = false;
		if (app_answer_walk(&a->list[i], put_record, w, e) == -1)
			return (-1);
		buf_str(&w->sheet.buf, "\n]}");
	}
	return (0);
}

int
app_answers_file(struct app_desk *d, struct app_answers *a, int dirfd, struct err *e)
{
	struct writing w = { .sheet.fd = io_open(
				 dirfd, "report.json", O_WRONLY | O_CREAT | O_EXCL, 0600, e) };
	struct buf *out = &w.sheet.buf;
	int rc = -1;

	if (w.sheet.fd == -1)
		return (-1);
	buf_char(out, '{');
	app_desk_json(d, out);
	json_u64(out, "records", a->records);
	json_array(out, "streams");
	if (put_streams(&w, a, e) == 0) {
		buf_str(out, "]}\n");
		if (app_sheet_write(&w.sheet, true, e) == 0 && io_fsync(w.sheet.fd, e) == 0)
			rc = 0;
	}
	(void)close(w.sheet.fd);
	buf_free(out);
	return (rc);
}
