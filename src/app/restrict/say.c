#include "app/restrict/say.h"

#include <stdlib.h>
#include <string.h>

#include "app/restrict/left_out.h"
#include "app/retain/order.h"
#include "app/watch/control.h"
#include "base/err.h"
#include "store/periods.h"
#include "store/store.h"

static void
fill(const struct app_word *w, struct seal_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	entry->type = SEAL_CONFIG;
	entry->of.config.kind = w->kind;
	entry->of.config.policy = span_str(STORE_NO_POLICY);
	entry->of.config.text = w->text;
}

int
app_word_append(const struct app_word *w, struct store_stream *st, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_memory(e));
	fill(w, entry);
	rc = store_stream_append(st, entry, e);
	free(entry);
	return (rc);
}

int
app_word_ask(const char *store, const struct app_word *w, struct err *e)
{
	struct buf request = { 0 }, answer = { 0 };
	struct err why = { ERR_NONE, "" };
	uint64_t entry;
	int rc = -1;

	buf_fmt(&request, "restrict %s %.*s %.*s\n", w->stream, (int)w->kind.len, w->kind.ptr,
	    (int)w->text.len, w->text.ptr);
	buf_char(&request, '\0');
	if (!buf_ok(&request))
		(void)err_memory(e);
	else if (app_control_ask(store, request.data, &answer, &why) == 0)
		rc = app_order_answer(buf_view(&answer), w->stream, &entry, e);
	else
		(void)err_set(e, why.code == ERR_INCOMPLETE ? ERR_BUSY : why.code, "%s", why.text);
	buf_free(&request);
	buf_free(&answer);
	return (rc);
}

int
app_word_read(struct span text, struct app_word *w)
{
	struct span stream = span_word(&text), kind = span_word(&text);
	struct app_box box;

	*w = (struct app_word){ .kind = kind, .text = text };
	if (stream.len > STORE_NAME_MAX || !store_name_ok(stream))
		return (-1);
	memcpy(w->stream, stream.ptr, stream.len);
	if (span_is(kind, APP_LIFT))
		return (app_box_id_ok(text) ? 0 : -1);
	return (
	    span_is(kind, APP_RESTRICT) && app_box_read(text, &box) == 0 && app_box_is_whole(&box) ?
		0 :
		-1);
}

/* A lift ends something: else anybody with the socket makes the chain say what nobody asked. */
static int
check_lift(void *arg, const struct store_chain *chain, struct err *e)
{
	const struct app_word *w = arg;
	int rc = app_left_out_is(chain, w->text, e);

	return (rc != 0 ? rc : err_set(e, ERR_INPUT, "nothing of that id is restricted"));
}

int
app_word_do(const struct app_word *w, struct store_live *live, struct err *e)
{
	struct app_word word = *w;
	struct seal_entry *entry;
	int rc;

	if (span_is(w->kind, APP_LIFT) && store_live_look(live, check_lift, &word, e) == -1)
		return (-1);
	if ((entry = calloc(1, sizeof(*entry))) == NULL)
		return (err_memory(e));
	fill(w, entry);
	if ((rc = store_live_append_aside(live, entry, e)) == 0)
		rc = store_live_head(live, e);
	free(entry);
	return (rc);
}
