/* app: what import says when it is done. */
#ifndef CRETULA_APP_SUMMARY_H
#define CRETULA_APP_SUMMARY_H

#include <stdbool.h>

#include "app/import.h"
#include "audit/verify.h"
#include "base/buf.h"

struct app_summary {
	const struct app_import *import;
	const struct audit_result *verified; /* NULL: not verified */
	double verify_s;
	const char *store_path, *keys_path;
	struct span anchor;
	bool keys_made; /* by this import */
};

void app_summary_text(const struct app_summary *s, struct buf *out);
void app_summary_json(const struct app_summary *s, struct buf *out);

#endif
