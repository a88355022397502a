/* app: help pages about things that are no command, made from their tables. */
#ifndef CRETULA_APP_HELP_TOPIC_H
#define CRETULA_APP_HELP_TOPIC_H

#include "base/buf.h"

struct app_topic {
	const char *name;
	const char *summary;
	void (*print)(struct buf *out); /* Markdown; docs/NAME.md is the same text */
};

extern const struct app_topic app_topics[]; /* ends with a row without name */

/* NULL if there is none of that name. */
const struct app_topic *app_topic_find(const char *name);

#endif
