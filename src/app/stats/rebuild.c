/* app: stats --rebuild. */
#include "app/say.h"
#include "app/stats/report.h"
#include "app/tally/tally.h"
#include "base/err.h"
#include "base/json.h"

int
app_report_rebuild(const struct app_args *args, const char *stream, struct err *e)
{
	const char *store = app_arg(args, "store");
	struct buf out = { 0 };
	struct app_tally_rebuilt done;

	if (store == NULL)
		return (err_set(e, ERR_USAGE, "--store DIR is needed"));
	if (app_tally_rebuild(store, stream, app_arg(args, "forget-pruned") != NULL, &done, e) ==
	    -1)
		return (-1);
	if (args->json) {
		buf_char(&out, '{');
		json_u64(&out, "counted", done.counted);
		json_u64(&out, "unreadable_rows", done.unreadable);
		buf_str(&out, "}\n");
	} else {
		buf_fmt(&out, "%llu records counted\n", (unsigned long long)done.counted);
		if (done.unreadable > 0)
			buf_fmt(&out,
			    "%llu row%s of stats.db could not be read: what had been counted there "
			    "of events without a record is lost\n",
			    (unsigned long long)done.unreadable, done.unreadable == 1 ? "" : "s");
	}
	return (app_finish("stats", &out, 0));
}
