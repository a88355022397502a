/* app: what can no longer be told, signed by the store; and checking that. */
#include <fcntl.h>
#include <string.h>

#include "app/say.h"
#include "app/subject/actions.h"
#include "app/subject/answer.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "store/erase/asked.h"

#define HEAD "cretula subject statement v1"

static void
put_stream(const struct app_answer *a, bool destroyed, struct buf *out)
{
	const struct app_gone *gone = (const struct app_gone *)(const void *)a->found.gone.data;

	for (size_t i = 0; i < a->found.gone.len / sizeof(gone[0]); i++)
		if (gone[i].destroyed == destroyed)
			buf_fmt(out, "%s %s %s segments %ju records %ju\n",
			    destroyed ? "destroyed" : "absent", a->stream, gone[i].epoch,
			    (uintmax_t)gone[i].segments, (uintmax_t)gone[i].records);
}

/* No empty line: one ends what is signed. */
static void
put_body(const struct app_desk *d, const struct app_answers *a, struct buf *out)
{
	char time[CLOCK_RFC3339_BYTES];
	size_t len = clock_rfc3339(time, d->live.now_us);

	buf_fmt(out, HEAD "\nstore %.*s\nrequest %s sha256:", (int)d->anchor.len, d->anchor.data,
	    d->request.id);
	buf_hex(out, d->hash, sizeof(d->hash));
	buf_fmt(out, "\ntime %.*s\nclass %s\n", (int)len, time,
	    mask_value_names[d->request.value_kind]);
	for (size_t i = 0; i < a->count; i++)
		buf_fmt(out, "found %s records %ju\n", a->list[i].stream,
		    (uintmax_t)a->list[i].found.count);
	for (size_t i = 0; i < a->count; i++)
		put_stream(&a->list[i], true, out);
	for (size_t i = 0; i < a->count; i++)
		put_stream(&a->list[i], false, out);
	if (a->gone > a->missing)
		buf_str(out,
		    "Records of these segments may have been written with keys that are "
		    "destroyed.\n"
		    "Nobody can find out any more which of those were of the person who asks, not\n"
		    "even with the person's data (GDPR Art. 11(2), 12(2)).\n");
	if (a->missing > 0)
		buf_str(out,
		    "Keys called absent are not here, and no entry says that they were destroyed:\n"
		    "about records that were written with them this statement says nothing.\n");
}

int
app_statement_make(struct app_desk *d, const struct app_answers *a, struct buf *out, struct err *e)
{
	struct buf body = { 0 };
	int rc = -1;

	put_body(d, a, &body);
	if (!buf_ok(&body))
		(void)err_memory(e);
	else {
		buf_span(out, buf_view(&body));
		buf_char(out, '\n');
		rc = store_sign(d->live.store, buf_view(&body), out, e);
	}
	buf_free(&body);
	return (rc);
}

/* ---- check ---- */

/* The vkey of the auditor's line, "vkey sha256:HEX", or a vkey alone. */
static int
read_anchor(const char *text, struct seal_vkey *key, struct err *e)
{
	struct span vkey = span_str(text);

	vkey.len = span_find(vkey, ' ');
	if (seal_vkey_read(vkey, key, e) == -1) {
		(void)err_in(e, "--anchor");
		e->code = ERR_USAGE;
		return (-1);
	}
	return (0);
}

static int
check(const struct app_args *args, struct buf *text, struct seal_note *note, struct err *e)
{
	const char *path = app_arg(args, "statement"), *anchor = app_arg(args, "anchor");
	struct seal_vkey key;

	if (path == NULL || anchor == NULL)
		return (err_set(e, ERR_USAGE, "--statement FILE and --anchor LINE are needed"));
	if (read_anchor(anchor, &key, e) == -1 ||
	    io_read_file(AT_FDCWD, path, SEAL_NOTE_BYTES_MAX, text, e) == -1)
		return (-1);
	if (!span_starts(buf_view(text), span_str(HEAD "\n")))
		return (err_set(e, ERR_INPUT, "%s: no statement of `cretula subject`", path));
	if (seal_signed_read(buf_view(text), note, e) == -1 || seal_note_check(note, &key, e) == -1)
		return (err_in(e, "%s", path));
	/* Of one key nothing else can be known. */
	if (note->signature_count != 1)
		return (err_set(e, ERR_FINDING, "%s: more than one signature", path));
	return (0);
}

int
app_subject_check(const struct app_args *args)
{
	struct err e = { ERR_NONE, "" };
	struct buf text = { 0 }, out = { 0 };
	struct seal_note note;
	int code;

	if (check(args, &text, &note, &e) == -1)
		code = app_fail("subject check", &e);
	else {
		if (args->json) {
			buf_char(&out, '{');
			json_str(&out, "signed_by", note.signatures[0].name);
			json_str(&out, "statement", note.body);
			buf_str(&out, "}\n");
		} else
			buf_fmt(&out, "signed by %.*s:\n\n%.*s", (int)note.signatures[0].name.len,
			    note.signatures[0].name.ptr, (int)note.body.len, note.body.ptr);
		code = app_finish("subject check", &out, 0);
	}
	buf_free(&text);
	return (code);
}
