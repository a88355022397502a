/* app: what `risk` says. */
#ifndef CRETULA_APP_RISK_PRINT_H
#define CRETULA_APP_RISK_PRINT_H

#include "base/buf.h"
#include "risk/risk.h"

struct app_risk_said {
	const char *stream;
	int64_t since_us, until_us; /* INT64_MIN, INT64_MAX: no limit */
	bool has_limit, over;
	double limit;
	const struct risk_result *result;
};

void app_risk_text(const struct app_risk_said *s, struct buf *out);
void app_risk_json(const struct app_risk_said *s, struct buf *out);

#endif
