#include "app/retain/order.h"

#include <stdlib.h>
#include <string.h>

#include "app/key/epochs.h"
#include "base/err.h"
#include "base/json.h"
#include "base/num.h"
#include "store/periods.h"

void
app_order_print(const struct app_order *order, struct buf *out)
{
	const struct store_hold_order *hold = &order->hold;

	buf_str(out, "hold {");
	json_str(out, "stream", span_str(order->stream));
	json_bool(out, "release", order->release);
	json_str(out, "id", hold->id);
	json_str(out, "reason", hold->reason);
	json_str(out, "by", hold->by);
	if (hold->has_onward)
		json_u64(out, "onward", hold->onward);
	if (hold->has_until)
		json_u64(out, "until_ms", (uint64_t)(hold->until_us / 1000));
	json_key(out, "segs");
	seal_ranges_print(hold->ranges, hold->count, out);
	json_key(out, "mask_epochs");
	if (hold->mask_epochs.len > 0)
		buf_span(out, hold->mask_epochs);
	else
		buf_str(out, "{}");
	buf_str(out, "}\n");
}

int
app_text_add(const struct json_value *object, const char *name, struct buf *text,
    struct app_text_place *place)
{
	struct span escaped;

	place->start = text->len;
	if (!json_get_str(object, name, &escaped) || json_unescape(escaped, text) == -1 ||
	    !buf_ok(text))
		return (-1);
	place->len = text->len - place->start;
	return (0);
}

struct span
app_text_at(const struct buf *text, struct app_text_place place)
{
	return (span_of(text->data + place.start, place.len));
}

static int
read_runs(const struct json_value *object, struct store_hold_order *hold, struct seal_range *ranges)
{
	struct json_value list;
	struct json_cursor c;

	if (!json_get(object, "segs", &list) || list.type != JSON_ARRAY)
		return (-1);
	if (!seal_ranges_ok(&list))
		return (-1);
	for (seal_ranges_open(list.raw, &c);
	     hold->count < STORE_HOLD_RANGES_MAX && seal_ranges_next(&c, &ranges[hold->count]);)
		hold->count++;
	hold->ranges = ranges;
	return (0);
}

static int
read_numbers(const struct json_value *object, struct store_hold_order *hold)
{
	struct json_value epochs;
	uint64_t until_ms = 0;

	hold->has_onward = json_get_u64(object, "onward", &hold->onward);
	hold->has_until = json_get_u64(object, "until_ms", &until_ms);
	if (until_ms > INT64_MAX / 1000 || !json_get(object, "mask_epochs", &epochs) ||
	    epochs.type != JSON_OBJECT)
		return (-1);
	hold->until_us = (int64_t)until_ms * 1000;
	hold->mask_epochs = epochs.raw;
	return (0);
}

int
app_order_read(struct span json, struct app_order *order, struct buf *text,
    struct seal_range ranges[static STORE_HOLD_RANGES_MAX])
{
	struct store_hold_order *hold = &order->hold;
	struct app_text_place id, reason, by;
	struct json_value object, release;
	struct span stream;

	*order = (struct app_order){ .release = false };
	buf_char(text, ' '); /* so that an empty text has a place */
	if (json_parse(json, &object, NULL) == -1 || object.type != JSON_OBJECT ||
	    !json_get_str(&object, "stream", &stream) || stream.len > STORE_NAME_MAX ||
	    !store_name_ok(stream) || !json_get(&object, "release", &release) ||
	    app_text_add(&object, "id", text, &id) == -1 ||
	    app_text_add(&object, "reason", text, &reason) == -1 ||
	    app_text_add(&object, "by", text, &by) == -1 ||
	    read_runs(&object, hold, ranges) == -1 || read_numbers(&object, hold) == -1)
		return (-1);
	memcpy(order->stream, stream.ptr, stream.len);
	order->release = release.type == JSON_TRUE;
	hold->id = app_text_at(text, id);
	hold->reason = app_text_at(text, reason);
	hold->by = app_text_at(text, by);
	return (0);
}

int
app_order_answer(struct span answer, const char *stream, uint64_t *entry, struct err *e)
{
	static const struct span ok = SPAN("ok "), error = SPAN("error ");
	size_t blank;
	uint64_t code;

	answer.len = span_find(answer, '\n');
	if (span_starts(answer, ok) && num_u64(span_from(answer, ok.len), entry) == 0)
		return (0);
	if (!span_starts(answer, error))
		return (err_set(
		    e, ERR_BUSY, "stream %s: another process than the daemon writes it", stream));
	answer = span_from(answer, error.len);
	blank = span_find(answer, ' ');
	if (num_u64(span_of(answer.ptr, blank), &code) == -1 || code == 0 || code > ERR_CONFIG)
		code = ERR_IO;
	answer = span_from(answer, blank + 1);
	return (err_set(e, (enum err_code)code, "%.*s", (int)answer.len, answer.ptr));
}

/* What nobody can tell of keys keeps nobody from holding. */
static int
add_hold(const struct app_order *order, struct store_live *live, uint64_t *entry, struct err *e)
{
	struct store_hold_order hold = order->hold;
	struct app_epochs gone;
	int rc;

	if (app_epochs_gone(store_live_keys_fd(live), order->stream, &gone, NULL) == 0) {
		hold.gone = gone.list;
		hold.gone_count = gone.count;
	}
	rc = store_live_add_hold(live, &hold, entry, e);
	free(gone.list);
	return (rc);
}

int
app_order_seal(
    const struct app_order *order, struct store_live *live, uint64_t *entry, struct err *e)
{
	const struct store_release_order release = { order->hold.id, order->hold.reason,
		order->hold.by };

	if ((order->release ? store_live_end_hold(live, &release, entry, e) :
			      add_hold(order, live, entry, e)) == -1)
		return (-1);
	return (store_live_head(live, e));
}
