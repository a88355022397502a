/*
 * cluster: what clouds wrap a Kubernetes audit event in.
 *
 *	{"category":"kube-audit",...,"properties":{"log":"EVENT",...}}   AKS: diagnostic settings
 *	{"id":"...","timestamp":1763979072500,"message":"EVENT"}        EKS: in logEvents
 *	2025-11-24T10:11:12.500Z EVENT                                  EKS: exported
 */
#include "parse/json/format/servers.h"
#include "parse/json/json.h"
#include "parse/timestamp.h"

struct wrapped {
	struct span text;
	bool escaped;
	unsigned count;
};

static bool
find_text(void *arg, const struct parse_json_leaf *leaf)
{
	struct wrapped *w = arg;

	if (!span_is(leaf->path, "properties.log") && !span_is(leaf->path, "message"))
		return (true);
	w->count++;
	if (leaf->type == PARSE_JSON_STRING && leaf->text.len > 0 && leaf->text.ptr[0] == '{') {
		w->text = leaf->text;
		w->escaped = leaf->escaped;
	}
	return (true);
}

bool
parse_json_unwrap(struct span *line, char *scratch)
{
	static const struct span bare = SPAN("{\"kind\":\"Event\"");
	struct wrapped w = { .count = 0 };
	struct parse_json_door door = { .each = find_text, .arg = &w };
	size_t blank;
	int64_t t_us;
	bool whole;

	if (span_starts(*line, bare))
		return (true);
	blank = line->len > 0 && line->ptr[0] != '{' ? span_find(*line, ' ') : line->len;
	if (blank < line->len && parse_time_iso(span_of(line->ptr, blank), &t_us) == 0)
		*line = span_from(*line, blank + 1);
	/* One of two texts is the wrong one, but nobody knows which. */
	if (parse_json_walk_line(*line, &door) != PARSE_JSON_OK || w.count != 1 || !w.escaped)
		return (true);
	if (w.text.len > PARSE_LINE_MAX)
		return (false);
	*line = parse_json_unescape(w.text, &scratch, &whole);
	return (true);
}
