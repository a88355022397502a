/* config: the text of a file, and what of it may be shown.  Private to config/. */
#ifndef CRETULA_CONFIG_SOURCE_H
#define CRETULA_CONFIG_SOURCE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "config/config.h"

struct config_loader;

#define CONFIG_FILE_BYTES ((size_t)1 << 20)
#define CONFIG_SECRETS_MAX 64
#define CONFIG_LINE_END (~0u) /* as a line: the end of the file */

/* A place; line and column count from 1, columns are characters. */
struct config_mark {
	unsigned file; /* index into the loader's sources */
	unsigned line, column;
};

struct config_source {
	char path[CONFIG_PATH_BYTES]; /* as errors print it */
	char *real; /* canonical path, or NULL */
	struct buf text;
	struct config_mark secret_from[CONFIG_SECRETS_MAX], secret_to[CONFIG_SECRETS_MAX];
	unsigned secret_count;
	bool hidden; /* too many secrets to tell apart: no line is shown */
};

/*
 * Bytes before YAML: UTF-8 without control characters, odd line breaks and
 * tabs in an indentation.  0; or -1, and everything is said to l.
 */
int config_source_check(struct config_loader *l, unsigned file);

/* Does a key of this name hold something that no error may print? */
bool config_looks_secret(struct span name);

/* Is there such a word anywhere in text? */
bool config_has_secret(struct span text);

/* Nothing between these places is ever shown. */
void config_source_hide(struct config_source *s, struct config_mark from, struct config_mark to);

/* From a place up to the end of a line, as bytes. */
struct span config_source_region(
    const struct config_source *s, struct config_mark from, unsigned line);

/* Add the line of at and a caret below it, or less if it may not be shown. */
void config_source_show(const struct config_source *s, struct config_mark at, struct buf *out);

#endif
