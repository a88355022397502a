/* One request: check, report, and the exit code that it earns. */
#include "audit/outside/request.h"

#include "base/err.h"

int
audit_request_run(const struct audit_request *request, struct buf *out, struct err *e)
{
	struct audit_result result;
	int code;

	if (request->store == NULL)
		return (err_set(e, ERR_USAGE, "--store DIR is needed"));
	if (audit_verify(request->store, &request->options, &result, e) == -1)
		return (-1);
	(request->json ? audit_print_json : audit_print_text)(&result, out);
	code = result.exit_code;
	if (code == 0 && result.warnings > 0 && request->strict)
		code = ERR_STRICT;
	audit_result_free(&result);
	return (code);
}
