/*
 * parse: what a "#Fields:" line says (W3C extended log file format).
 */
#ifndef CRETULA_PARSE_COLUMNS_H
#define CRETULA_PARSE_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define PARSE_COLUMNS_MAX 64
#define PARSE_COLUMNS_BYTES 4096 /* a line as long or longer is not believed */

struct parse_columns {
	bool tabs;      /* stand between the names, and so between values */
	unsigned count; /* 0: there was no such line, or it cannot be believed */
	struct {
		uint8_t row;      /* of the table of names; PARSE_COLUMN_OTHER: see name */
		uint16_t name_at, name_len; /* in names */
	} column[PARSE_COLUMNS_MAX];
	char names[PARSE_COLUMNS_BYTES]; /* of columns that no row has, as keys of extra */
};
#define PARSE_COLUMN_OTHER 255

#endif
