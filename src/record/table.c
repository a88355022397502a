#include "record/line.h"
#include "record/record.h"
#include "record/table.h"

const struct record_field_info record_fields[RECORD_FIELD_COUNT] = {
#define FIELD(id, name, type, class, otel, ecs, help) \
	{ name, RECORD_##type, RECORD_CLASS_##class, otel, ecs, help },
#include "record/fields.def"
#undef FIELD
};

const struct record_class_info record_classes[RECORD_CLASS_COUNT] = {
#define CLASS(id, name, prefix, method, epoch, help) { name, prefix, help },
#include "record/class.def"
#undef CLASS
};

const struct record_flag_info record_flags[RECORD_FLAG_COUNT] = {
#define FLAG(id, name, help) { name, help },
#include "record/flags.def"
#undef FLAG
};

#define OPEN_TIME "\""
#define OPEN_TEXT "\""
#define OPEN_INT ""
#define OPEN_LIST "["
#define OPEN_EXTRA "{"
#define OPEN_FLAGS "["

const struct record_key record_keys[RECORD_FIELD_COUNT] = {
#define FIELD(id, name, type, class, otel, ecs, help) \
	{ ",\"" name "\":" OPEN_##type, sizeof(",\"" name "\":" OPEN_##type) - 1, RECORD_##type },
#include "record/fields.def"
#undef FIELD
};

_Static_assert(RECORD_FIELD_TIME == 0, "every line starts with the time");

int
record_field_by_name(struct span name)
{
	for (int f = 0; f < RECORD_FIELD_COUNT; f++)
		if (span_is(name, record_fields[f].name))
			return (f);
	return (-1);
}
