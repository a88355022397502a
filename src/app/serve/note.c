/* app: what an access record may say: the writer's own look at what it is asked for. */
#include "app/serve/access.h"

#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "record/record.h"
#include "serve/serve.h"
#include "store/layout.h"
#include "view/view.h"

/* By enum serve_does; those of the session make none. */
const char *const app_access_actions[] = {
	[SERVE_DOES_CHAIN] = "chain",
	[SERVE_DOES_CHECKPOINT] = "checkpoint",
	[SERVE_DOES_OVERVIEW] = "overview",
	[SERVE_DOES_RECORDS] = "records",
	[SERVE_DOES_SERIES] = "series",
	[SERVE_DOES_STREAMS] = "streams",
	[SERVE_DOES_TAIL] = "tail",
	[SERVE_DOES_TOP] = "top",
	[SERVE_DOES_TRUST] = "trust",
};
#define ACTIONS (sizeof(app_access_actions) / sizeof(app_access_actions[0]))

const char *const app_access_windows[APP_ACCESS_WINDOWS] = { "hour", "day", "week", "month",
	"free" };

static bool
is_one_of(struct span text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count && text.len > 0; i++)
		if (words[i] != NULL && span_is(text, words[i]))
			return (true);
	return (false);
}

/* "top/paths": only that one has a word. */
static bool
is_action(struct span text)
{
	size_t count = 0, at = span_find(text, '/');

	if (at == text.len)
		return (!span_is(text, app_access_actions[SERVE_DOES_TOP]) &&
		    is_one_of(text, app_access_actions, ACTIONS));
	while (serve_dimensions[count] != NULL)
		count++;
	return (span_is(span_of(text.ptr, at), app_access_actions[SERVE_DOES_TOP]) &&
	    is_one_of(span_from(text, at + 1), serve_dimensions, count));
}

static bool
is_reason(const char *text)
{
	for (size_t i = 0; i < SERVE_PROBLEM_COUNT; i++)
		if (strcmp(text, serve_problems[i].code) == 0)
			return (true);
	return (text[0] == '\0');
}

/* A time as we print it, a duration ago, what was none of these, or nothing. */
static bool
is_when(const char *text)
{
	char printed[CLOCK_RFC3339_BYTES];
	struct span s = span_str(text);
	int64_t t_us;

	if (s.len == 0 || span_is(s, "?"))
		return (true);
	if (s.ptr[0] == '-')
		return (num_duration(span_from(s, 1), &t_us) == 0);
	return (clock_parse_rfc3339(s.ptr, s.len, &t_us) == 0 &&
	    span_equal(s, span_of(printed, clock_rfc3339(printed, t_us))));
}

/* ---- the filter ---- */

#define TOKEN_BYTES 16 /* behind the dot: 80 bits in base32 */

static size_t
token_len(struct span s)
{
	size_t len = 3;

	if (s.len < 3 + TOKEN_BYTES || s.ptr[2] != '.')
		return (0);
	while (len < 3 + TOKEN_BYTES &&
	    ((s.ptr[len] >= 'a' && s.ptr[len] <= 'z') || (s.ptr[len] >= '2' && s.ptr[len] <= '7')))
		len++;
	for (int i = 0; len == 3 + TOKEN_BYTES && i < RECORD_CLASS_COUNT; i++)
		if (span_is(span_of(s.ptr, 2), record_classes[i].prefix))
			return (len);
	return (0);
}

static void
skip_blanks(struct span *s)
{
	while (s->len > 0 && s->ptr[0] == ' ')
		*s = span_from(*s, 1);
}

/* FIELD OP, and ? or a token; s: behind it. */
static bool
eat_term(struct span *s)
{
	static const char *const ops[] = { "==", "!=", "<=", ">=", "^=", "~=", "<", ">" };
	size_t len = 0;

	while (len < s->len && (s->ptr[len] == '_' || (s->ptr[len] >= 'a' && s->ptr[len] <= 'z')))
		len++;
	if (record_field_by_name(span_of(s->ptr, len)) == -1)
		return (false);
	*s = span_from(*s, len);
	skip_blanks(s);
	len = 0;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]) && len == 0; i++)
		if (span_starts(*s, span_str(ops[i])))
			len = strlen(ops[i]);
	if (len == 0)
		return (false);
	*s = span_from(*s, len);
	skip_blanks(s);
	len = s->len > 0 && s->ptr[0] == '?' ? 1 : token_len(*s);
	*s = span_from(*s, len);
	return (len > 0);
}

bool
app_access_filter_ok(struct span s)
{
	unsigned open = 0;

	if (s.len == 0 || span_is(s, "?"))
		return (true);
	for (;;) {
		for (; s.len > 0 && strchr(" !(", s.ptr[0]) != NULL; s = span_from(s, 1))
			open += s.ptr[0] == '(';
		if (!eat_term(&s))
			return (false);
		for (; s.len > 0 && strchr(" )", s.ptr[0]) != NULL; s = span_from(s, 1))
			if (s.ptr[0] == ')' && open-- == 0)
				return (false);
		if (s.len == 0)
			return (open == 0);
		if (!span_starts(s, span_str("&&")) && !span_starts(s, span_str("||")))
			return (false);
		s = span_from(s, 2);
	}
}

/* ---- the whole ---- */

#define ENDS(text) (memchr(text, '\0', sizeof(text)) != NULL)

bool
app_access_note_ok(const struct app_access_note *n)
{
	return (ENDS(n->operator) && ENDS(n->role) && ENDS(n->tier) && ENDS(n->via) &&
	    ENDS(n->action) && ENDS(n->stream) && ENDS(n->reason) && ENDS(n->since) &&
	    ENDS(n->until) && ENDS(n->window) && ENDS(n->filter) &&
	    serve_name_ok(span_str(n->operator)) && store_name_ok(span_str(n->role)) &&
	    is_one_of(span_str(n->tier), view_role_names, VIEW_ROLE_COUNT) &&
	    is_one_of(span_str(n->via), serve_via_names, SERVE_VIA_PROXY + 1) &&
	    is_action(span_str(n->action)) &&
	    (n->stream[0] == '\0' || store_name_known(span_str(n->stream))) &&
	    is_reason(n->reason) && is_when(n->since) && is_when(n->until) &&
	    (n->window[0] == '\0' ||
		is_one_of(span_str(n->window), app_access_windows, APP_ACCESS_WINDOWS)) &&
	    strlen(n->filter) <= RECORD_TEXT_MAX && app_access_filter_ok(span_str(n->filter)) &&
	    n->rows <= INT64_MAX);
}
