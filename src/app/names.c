/* app: the names that seal/ needs and does not know. */
#include "app/names.h"
#include "parse/parse.h"
#include "record/record.h"
#include "seal/entry.h"

static const char *const classes[] = {
#define CLASS(id, name, prefix, method, epoch, help) name,
#include "record/class.def"
#undef CLASS
};
_Static_assert(RECORD_CLASS_COUNT <= STATS_CLASSES_MAX, "every class can be counted");
_Static_assert(PARSE_REASON_COUNT <= STATS_REASONS_MAX, "every reason can be counted");

const struct seal_names *
app_names(void)
{
	static const struct seal_names names = { classes, RECORD_CLASS_COUNT, parse_reason_names,
		PARSE_REASON_COUNT };

	return (&names);
}
