/* One request: check, report, and the exit code that it earns. */
#include "audit/outside/request.h"

#include "audit/outside/pin.h"
#include "base/err.h"
#include "base/num.h"

static int
report(const struct audit_request *request, struct audit_result *result, struct buf *out)
{
	int code = result->exit_code;

	(request->json ? audit_print_json : audit_print_text)(result, out);
	if (code == 0 && result->warnings > 0 && request->strict)
		code = ERR_STRICT;
	audit_result_free(result);
	return (code);
}

static int
verify_store(const struct audit_request *request, struct buf *out, struct err *e)
{
	struct audit_options options = request->options;
	struct audit_pins pins = { 0 };
	struct audit_result result;
	int code = -1;

	if (request->max_age != NULL &&
	    (num_duration(span_str(request->max_age), &options.max_age_us) == -1 ||
		options.max_age_us <= 0))
		return (err_set(e, ERR_USAGE, "--max-age: '%s' is not like 3h", request->max_age));
	if (request->pin != NULL) {
		if (audit_pins_read(&pins, request->pin, e) == -1)
			goto out;
		options.pins = &pins;
	}
	if (audit_verify(request->store, &options, &result, e) == -1)
		goto out;
	/* What is not good is not what to compare with next time. */
	if (request->pin != NULL && result.exit_code == 0 &&
	    audit_pins_write(&pins, request->pin, e) == -1) {
		audit_result_free(&result);
		goto out;
	}
	code = report(request, &result, out);
out:
	audit_pins_free(&pins);
	return (code);
}

int
audit_request_run(const struct audit_request *request, struct buf *out, struct err *e)
{
	if (request->store == NULL)
		return (err_set(e, ERR_USAGE, "--store DIR is needed"));
	return (verify_store(request, out, e));
}
