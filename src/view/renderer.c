#include <string.h>

#include "base/err.h"
#include "view/render.h"
#include "view/view.h"

const struct view_renderer view_renderers[] = {
	{ "combined", "Apache's combined format, tokens for client and user", NULL,
	    view_render_combined },
	{ "csv", "comma-separated values, a column a field", view_render_csv_begin,
	    view_render_csv },
	{ "ecs", "the Elastic Common Schema, one JSON object a line", NULL, view_render_ecs },
	{ "json", "the records as they are stored, one JSON object a line", NULL,
	    view_render_json },
	{ "otel", "OpenTelemetry: log records of OTLP in JSON, one a line", NULL,
	    view_render_otel },
	{ "text", "one line a record for people", NULL, view_render_text },
};
const size_t view_renderer_count = sizeof(view_renderers) / sizeof(view_renderers[0]);

const struct view_renderer *
view_renderer_find(const char *name)
{
	for (size_t i = 0; i < view_renderer_count; i++)
		if (strcmp(view_renderers[i].name, name) == 0)
			return (&view_renderers[i]);
	return (NULL);
}

int
view_renderer_choose(
    const char *name, bool lines, const struct view_renderer **renderer, struct err *e)
{
	const struct view_renderer *found = view_renderer_find(name);
	struct buf list = { 0 };

	if (found != NULL && (found->begin == NULL || !lines)) {
		*renderer = found;
		return (0);
	}
	for (size_t i = 0; i < view_renderer_count; i++)
		if (view_renderers[i].begin == NULL || !lines)
			buf_fmt(&list, "%s%s", list.len == 0 ? "" : ", ", view_renderers[i].name);
	(void)err_set(e, ERR_USAGE, "--as %s: one of %s", name, buf_ok(&list) ? list.data : "");
	buf_free(&list);
	return (-1);
}
