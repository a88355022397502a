/* app: GET /api/v1/overview, series and top: figures of a window. */
#include "app/serve/serving.h"

void
app_serving_figures(struct serving *v, const struct serve_call *call, struct serve_answer *a,
    struct app_access_note *n)
{
	static const struct serve_problem_place place = { .detail =
							      "Nothing is counted of it yet." };

	(void)v;
	(void)call;
	(void)n;
	serve_problem_set(a, SERVE_PROBLEM_STREAM, &place);
}
