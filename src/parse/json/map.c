/* map: the rows that a configuration adds. */
#include "parse/json/map.h"
#include "parse/event.h"
#include "parse/json/read.h"

/* WHAT(name, as, to, unit), sorted by name. */
#define WHATS \
	WHAT("action", TEXT, EVENT_ACTION, ONE) \
	WHAT("agent", TEXT, EVENT_AGENT, ONE) \
	WHAT("bytes", NUMBER, EVENT_BYTES, ONE) \
	WHAT("cache", TEXT, EVENT_CACHE, ONE) \
	WHAT("client", TEXT, EVENT_CLIENT, ONE) \
	WHAT("cookie", TEXT, EVENT_COOKIE, ONE) \
	WHAT("duration_ms", NUMBER, EVENT_DURATION_US, MS) \
	WHAT("duration_ns", NUMBER, EVENT_DURATION_US, NS) \
	WHAT("duration_s", NUMBER, EVENT_DURATION_US, S) \
	WHAT("duration_us", NUMBER, EVENT_DURATION_US, US) \
	WHAT("forwarded", LIST, EVENT_FORWARDED, ONE) \
	WHAT("host", TEXT, EVENT_HOST, ONE) \
	WHAT("join", TEXT, EVENT_JOIN, ONE) \
	WHAT("level", TEXT, EVENT_LEVEL, ONE) \
	WHAT("message", TEXT, EVENT_MESSAGE, ONE) \
	WHAT("method", TEXT, EVENT_METHOD, ONE) \
	WHAT("object", TEXT, EVENT_OBJECT, ONE) \
	WHAT("outcome", TEXT, EVENT_OUTCOME, ONE) \
	WHAT("path", OPTION, PARSE_JSON_PATH, ONE) \
	WHAT("protocol", TEXT, EVENT_PROTOCOL, ONE) \
	WHAT("query", OPTION, PARSE_JSON_QUERY, ONE) \
	WHAT("referer", TEXT, EVENT_REFERER, ONE) \
	WHAT("request", OPTION, PARSE_JSON_REQUEST, ONE) \
	WHAT("request_bytes", NUMBER, EVENT_REQUEST_BYTES, ONE) \
	WHAT("scheme", TEXT, EVENT_SCHEME, ONE) \
	WHAT("secret", EXTRA, EVENT_EXTRA_SECRET, ONE) \
	WHAT("server", TEXT, EVENT_SERVER, ONE) \
	WHAT("session", TEXT, EVENT_SESSION, ONE) \
	WHAT("status", NUMBER, EVENT_STATUS, ONE) \
	WHAT("target", TEXT, EVENT_TARGET, ONE) \
	WHAT("time", TIME, 0, ONE) \
	WHAT("tls", TEXT, EVENT_TLS, ONE) \
	WHAT("upstream", TEXT, EVENT_UPSTREAM, ONE) \
	WHAT("upstream_status", NUMBER, EVENT_UPSTREAM_STATUS, ONE) \
	WHAT("user", TEXT, EVENT_USER, ONE)

const char *const parse_json_map_whats[] = {
#define WHAT(name, as, to, unit) name,
	WHATS
#undef WHAT
	    NULL
};

static const struct {
	uint8_t as, to, unit;
} whats[] = {
#define WHAT(name, as, to, unit) { PARSE_JSON_AS_##as, to, PARSE_JSON_##unit },
	WHATS
#undef WHAT
};

enum parse_json_map_result
parse_json_map_add(struct parse_json_map *map, struct span what, struct span path)
{
	unsigned i = 0, at;

	while (parse_json_map_whats[i] != NULL && !span_is(what, parse_json_map_whats[i]))
		i++;
	if (parse_json_map_whats[i] == NULL)
		return (PARSE_JSON_MAP_WHAT);
	if (path.len == 0 || path.len >= PARSE_JSON_MAP_PATH_BYTES ||
	    memchr(path.ptr, '\0', path.len) != NULL)
		return (PARSE_JSON_MAP_PATH);
	for (unsigned row = 0; row < map->count; row++)
		if (span_is(path, map->row[row].path))
			return (PARSE_JSON_MAP_PATH);
	if (map->count == PARSE_JSON_MAP_MAX)
		return (PARSE_JSON_MAP_FULL);
	/* In the order of whats, and as they came, whatever was said first. */
	for (at = map->count++; at > 0 && map->row[at - 1].what > i; at--)
		map->row[at] = map->row[at - 1];
	memset(&map->row[at], 0, sizeof(map->row[at]));
	map->row[at].what = i;
	memcpy(map->row[at].path, path.ptr, path.len);
	return (PARSE_JSON_MAP_OK);
}

void
parse_json_map_row(const struct parse_json_map *map, unsigned row, struct parse_json_name *name)
{
	unsigned what = map->row[row].what;

	*name = (struct parse_json_name){ .path = span_str(map->row[row].path),
		.as = whats[what].as,
		.to = whats[what].to,
		.unit = whats[what].unit,
		.key = parse_json_map_whats[what] };
}
