/*
 * table: the fields, classes and flags of a record, each from its .def file.
 * Included by record.h.
 */
#ifndef CRETULA_RECORD_TABLE_H
#define CRETULA_RECORD_TABLE_H

#include "base/span.h"

enum record_class {
#define CLASS(id, name, prefix, method, epoch, help) RECORD_CLASS_##id,
#include "record/class.def"
#undef CLASS
	RECORD_CLASS_COUNT
};

enum record_type { RECORD_TIME, RECORD_TEXT, RECORD_INT, RECORD_LIST, RECORD_EXTRA, RECORD_FLAGS };

enum record_field {
#define FIELD(id, name, type, class, otel, ecs, help) RECORD_FIELD_##id,
#include "record/fields.def"
#undef FIELD
	RECORD_FIELD_COUNT
};

enum record_flag {
#define FLAG(id, name, help) RECORD_FLAG_##id,
#include "record/flags.def"
#undef FLAG
	RECORD_FLAG_COUNT
};

struct record_field_info {
	const char *name;
	enum record_type type;
	enum record_class class_id;
	const char *otel, *ecs, *help;
};
extern const struct record_field_info record_fields[RECORD_FIELD_COUNT];

struct record_class_info {
	const char *name;
	const char *prefix; /* "" if the class never becomes a token */
	const char *help;
};
extern const struct record_class_info record_classes[RECORD_CLASS_COUNT];

struct record_flag_info {
	const char *name;
	const char *help;
};
extern const struct record_flag_info record_flags[RECORD_FLAG_COUNT];

/* -1 if there is none of that name. */
int record_field_by_name(struct span name);

#endif
