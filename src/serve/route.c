#include "serve/route.h"

#include <stdio.h>
#include <string.h>

#define DEVELOPER SERVE_TIER(VIEW_DEVELOPER)
#define ANALYST SERVE_TIER(VIEW_ANALYST)
#define PUBLIC SERVE_TIER(VIEW_PUBLIC)
#define AUDITOR SERVE_TIER(VIEW_AUDITOR)
#define FIGURES (DEVELOPER | ANALYST | PUBLIC)
#define ANYBODY (FIGURES | AUDITOR)
#define STREAM SERVE_BIT(SERVE_STREAM)
#define TIMES (SERVE_BIT(SERVE_SINCE) | SERVE_BIT(SERVE_UNTIL))
#define WINDOW (TIMES | SERVE_BIT(SERVE_WINDOW) | SERVE_BIT(SERVE_AT))
#define AS_JSON (1u << SERVE_JSON)
#define AS_TABLE (AS_JSON | 1u << SERVE_CSV)
#define AS_RECORDS (AS_TABLE | 1u << SERVE_LINES)

const struct serve_route serve_routes[] = {
	{ "/api/v1/chain", "GET", SERVE_DOES_CHAIN, DEVELOPER | AUDITOR, true,
	    STREAM | SERVE_BIT(SERVE_FROM) | SERVE_BIT(SERVE_LIMIT), STREAM, AS_JSON },
	{ "/api/v1/checkpoint", "GET", SERVE_DOES_CHECKPOINT, DEVELOPER | AUDITOR, true, STREAM,
	    STREAM, 1u << SERVE_TEXT },
	{ "/api/v1/openapi.yaml", "GET", SERVE_DOES_OPENAPI, 0, false, 0, 0, 1u << SERVE_TEXT },
	{ "/api/v1/overview", "GET", SERVE_DOES_OVERVIEW, FIGURES, true, STREAM | WINDOW, STREAM,
	    AS_TABLE },
	{ "/api/v1/records", "GET", SERVE_DOES_RECORDS, DEVELOPER | AUDITOR, true,
	    STREAM | TIMES | SERVE_BIT(SERVE_WHERE) | SERVE_BIT(SERVE_LIMIT) |
		SERVE_BIT(SERVE_CURSOR) | SERVE_BIT(SERVE_ORDER),
	    STREAM, AS_RECORDS },
	{ "/api/v1/series", "GET", SERVE_DOES_SERIES, FIGURES, true,
	    STREAM | WINDOW | SERVE_BIT(SERVE_STEP), STREAM, AS_TABLE },
	{ "/api/v1/session", "DELETE", SERVE_DOES_LOGOUT, ANYBODY, false, 0, 0, AS_JSON },
	{ "/api/v1/session", "GET", SERVE_DOES_SESSION, ANYBODY, false, 0, 0, AS_JSON },
	{ "/api/v1/session", "POST", SERVE_DOES_LOGIN, 0, false, 0, 0, AS_JSON },
	{ "/api/v1/streams", "GET", SERVE_DOES_STREAMS, ANYBODY, false, 0, 0, AS_JSON },
	{ "/api/v1/tail", "GET", SERVE_DOES_TAIL, DEVELOPER | AUDITOR, true,
	    STREAM | SERVE_BIT(SERVE_WHERE), STREAM, 1u << SERVE_EVENTS },
	{ "/api/v1/top/*", "GET", SERVE_DOES_TOP, FIGURES, true,
	    STREAM | WINDOW | SERVE_BIT(SERVE_LIMIT), STREAM, AS_TABLE },
	{ "/api/v1/trust", "GET", SERVE_DOES_TRUST, ANYBODY, true, 0, 0, AS_JSON },
};
const size_t serve_route_count = sizeof(serve_routes) / sizeof(serve_routes[0]);

const char *const serve_dimensions[] = { "agents", "countries", "events", "paths", "referers",
	"statuses", NULL };

static const struct {
	struct span ending;
	enum serve_format format;
} endings[] = {
	{ SPAN(".csv"), SERVE_CSV },
	{ SPAN(".jsonl"), SERVE_LINES },
};

static const char *
find_word(struct span text)
{
	for (size_t i = 0; serve_dimensions[i] != NULL; i++)
		if (span_is(text, serve_dimensions[i]))
			return (serve_dimensions[i]);
	return (NULL);
}

/* Is path that of the route, perhaps with an ending that the route has a format for? */
static bool
is_path(const struct serve_route *route, struct span path, struct serve_found *found)
{
	size_t len = strlen(route->path);
	bool star = route->path[len - 1] == '*';

	found->ending = 0;
	found->word = NULL;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct span ending = endings[i].ending;

		if ((route->formats & 1u << endings[i].format) == 0 || path.len <= ending.len ||
		    !span_equal(span_from(path, path.len - ending.len), ending))
			continue;
		path.len -= ending.len;
		found->ending = 1 + (unsigned)endings[i].format;
		break;
	}
	if (!star)
		return (span_is(path, route->path));
	len--;
	if (!span_starts(path, span_of(route->path, len)))
		return (false);
	found->word = find_word(span_from(path, len));
	return (found->word != NULL);
}

void
serve_route_find(struct span method, struct span path, struct serve_found *found)
{
	bool head = span_is(method, "HEAD");

	memset(found, 0, sizeof(*found));
	for (size_t i = 0; i < serve_route_count; i++) {
		const struct serve_route *route = &serve_routes[i];

		if (!is_path(route, path, found))
			continue;
		found->path_known = true;
		if (!span_is(method, route->method) && (!head || strcmp(route->method, "GET") != 0))
			continue;
		found->route = route;
		found->head = head;
		return;
	}
}

void
serve_route_methods(struct span path, char out[static 64])
{
	struct serve_found found = { 0 };

	out[0] = '\0';
	for (size_t i = 0; i < serve_route_count; i++) {
		const struct serve_route *route = &serve_routes[i];
		size_t len = strlen(out);

		if (is_path(route, path, &found))
			(void)snprintf(out + len, 64 - len, "%s%s%s", len == 0 ? "" : ", ",
			    route->method, strcmp(route->method, "GET") == 0 ? ", HEAD" : "");
	}
}
