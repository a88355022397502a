/* Fuzz target: an entry that is accepted prints as itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "seal/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const classes[] = { "none", "ip.peer", "session" };
static const char *const reasons[] = { "grammar", "too_long" };
static const struct seal_names names = { classes, 3, reasons, 2 };

static void
demand(int claim)
{
	if (!claim)
		abort();
}

/* Does object have only names of the list?  Others are read, not kept. */
static int
only(const struct json_value *object, const char *const *list, unsigned count)
{
	struct json_cursor c;
	struct json_value v;
	struct span key;
	int known = 1;

	json_open(&c, object);
	while (json_next(&c, &key, &v)) {
		unsigned i = 0;

		while (i < count && !span_is(key, list[i]))
			i++;
		known = known && i < count;
	}
	return (known);
}

static int
all_kept(struct span line)
{
	static const char *const statuses[] = { "none", "1xx", "2xx", "3xx", "4xx", "5xx" };
	struct json_value v, inner;

	demand(json_parse(line, &v, NULL) == 0);
	if (json_get(&v, "by", &inner) && json_get(&inner, "status", &inner) && !only(&inner, statuses, 6))
		return (0);
	if (json_get(&v, "masked", &inner) && !only(&inner, classes, 3))
		return (0);
	return (!json_get(&v, "reasons", &inner) || only(&inner, reasons, 2));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seal_entry entry;
	struct span line = span_of((const char *)data, size);
	struct buf again = { 0 };
	struct err e = { 0 };

	if (seal_entry_read(line, &names, &entry, &e) == -1) {
		demand(e.code == ERR_FINDING && text_is_ascii(span_str(e.text)));
		return (0);
	}
	demand(size <= SEAL_ENTRY_BYTES_MAX && text_is_ascii(line));
	if (entry.type != SEAL_UNKNOWN && all_kept(line)) {
		demand(seal_entry_print(&entry, &names, &again, &e) == 0);
		demand(span_equal(buf_view(&again), line));
	}
	buf_free(&again);
	return (0);
}
