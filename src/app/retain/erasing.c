#include "app/retain/erasing.h"

#include <string.h>

#include "app/retain/order.h"
#include "app/watch/control.h"
#include "base/err.h"
#include "base/json.h"
#include "seal/leaf.h"
#include "seal/lists.h"
#include "store/periods.h"

/* Runs of records, as ranges are written. */
static void
print_records(const struct store_erase_order *order, struct buf *out)
{
	struct seal_range runs[SEAL_ERASED_MAX];
	size_t count = 0;

	for (size_t i = 0; i < order->count; i++)
		(void)seal_ranges_add(runs, &count, SEAL_ERASED_MAX, order->items[i].record);
	json_key(out, "records");
	seal_ranges_print(runs, count, out);
}

void
app_erasing_print(const struct app_erasing *a, struct buf *out)
{
	buf_str(out, "erase {");
	json_str(out, "stream", span_str(a->stream));
	json_u64(out, "seg", a->order.seg);
	print_records(&a->order, out);
	json_str(out, "reason", a->order.reason);
	json_str(out, "ref", a->order.ref);
	json_str(out, "by", a->order.by);
	buf_str(out, "}\n");
}

/* ---- read ---- */

/* Each run adds its records; false: too many. */
static bool
add_run(struct app_erasing *a, const struct seal_range *run, struct store_erase_item *items)
{
	if (run->last >= SEAL_RECORDS_MAX ||
	    run->last - run->first >= SEAL_ERASED_MAX - a->order.count)
		return (false);
	for (uint64_t at = run->first; at <= run->last; at++)
		items[a->order.count++] = (struct store_erase_item){ .record = (uint32_t)at };
	return (true);
}

static int
read_records(const struct json_value *object, struct app_erasing *a, struct store_erase_item *items)
{
	struct json_value list;
	struct json_cursor runs;
	struct seal_range run;

	if (!json_get(object, "records", &list) || list.type != JSON_ARRAY ||
	    !seal_ranges_ok(&list))
		return (-1);
	for (seal_ranges_open(list.raw, &runs); seal_ranges_next(&runs, &run);)
		if (!add_run(a, &run, items))
			return (-1);
	a->order.items = items;
	return (0);
}

int
app_erasing_read(struct span json, struct app_erasing *a, struct buf *text,
    struct store_erase_item items[static SEAL_ERASED_MAX])
{
	struct app_text_place reason, ref, by;
	struct json_value object;
	struct span stream;

	*a = (struct app_erasing){ .order = { .count = 0 } };
	buf_char(text, ' '); /* so that an empty text has a place */
	if (json_parse(json, &object, NULL) == -1 || object.type != JSON_OBJECT ||
	    !json_get_str(&object, "stream", &stream) || stream.len > STORE_NAME_MAX ||
	    !store_name_ok(stream) || !json_get_u64(&object, "seg", &a->order.seg) ||
	    read_records(&object, a, items) == -1 ||
	    app_text_add(&object, "reason", text, &reason) == -1 ||
	    app_text_add(&object, "ref", text, &ref) == -1 ||
	    app_text_add(&object, "by", text, &by) == -1)
		return (-1);
	memcpy(a->stream, stream.ptr, stream.len);
	a->order.reason = app_text_at(text, reason);
	a->order.ref = app_text_at(text, ref);
	a->order.by = app_text_at(text, by);
	return (0);
}

int
app_erasing_do(const struct app_erasing *a, struct store_live *live, uint64_t *entry, struct err *e)
{
	*entry = 0;
	if (a->order.count == 0)
		return (0);
	if (store_live_erase(live, &a->order, entry, e) == -1)
		return (-1);
	return (store_live_head(live, e));
}

int
app_erasing_ask(const char *store, const struct app_erasing *a, uint64_t *entry, struct err *e)
{
	struct buf request = { 0 }, answer = { 0 };
	struct err why = { ERR_NONE, "" };
	int rc = -1;

	app_erasing_print(a, &request);
	if (!buf_ok(&request))
		(void)err_memory(e);
	else if (request.len > APP_ORDER_BYTES)
		(void)err_set(e, ERR_USAGE, "the reason is too long");
	else if (app_control_ask(store, request.data, &answer, &why) == 0)
		rc = app_order_answer(buf_view(&answer), a->stream, entry, e);
	else
		(void)err_set(e, why.code, "%s", why.text);
	buf_free(&request);
	buf_free(&answer);
	return (rc);
}
