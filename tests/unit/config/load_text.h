/* Load a text and keep what was said. */
#ifndef TEST_CONFIG_LOAD_TEXT_H
#define TEST_CONFIG_LOAD_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "config/fill.h"

struct loaded {
	struct config *config; /* NULL if there are errors */
	struct buf report;
	struct err e;
};

static inline int
load_text(struct loaded *l, const char *text)
{
	memset(l, 0, sizeof(*l));
	return (config_load_text(span_str(text), "c.yaml", &l->config, &l->report, &l->e));
}

static inline const char *
report_of(const struct loaded *l)
{
	return (l->report.len == 0 ? "" : l->report.data);
}

static inline void
loaded_free(struct loaded *l)
{
	config_free(l->config);
	buf_free(&l->report);
}

#endif
