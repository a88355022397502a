#include "serve/request.h"

#include "base/num.h"
#include "base/text.h"
#include "store/layout.h"

/* ---- the target ---- */

int
serve_target_read(struct span target, struct serve_target *out)
{
	size_t at;

	if (target.len == 0 || target.len > SERVE_TARGET_BYTES || target.ptr[0] != '/')
		return (-1);
	for (size_t i = 0; i < target.len; i++)
		if (target.ptr[i] <= ' ' || target.ptr[i] > '~' || target.ptr[i] == '#')
			return (-1);
	at = span_find(target, '?');
	out->path = span_of(target.ptr, at);
	out->query = span_from(target, at + 1);
	return (0);
}

/* ---- parameters ---- */

const char *const serve_param_names[SERVE_PARAM_COUNT] = { "at", "cursor", "from", "limit", "order",
	"since", "step", "stream", "until", "where", "window" };

enum kind { KIND_TEXT, KIND_NUMBER, KIND_CHOICE, KIND_CURSOR, KIND_STREAM };

static const struct rule {
	enum kind kind;
	size_t len_max;
	uint64_t min, max;
	const char *words[5];
} rules[SERVE_PARAM_COUNT] = {
	[SERVE_AT] = { .kind = KIND_TEXT, .len_max = 40 },
	[SERVE_CURSOR] = { .kind = KIND_CURSOR, .len_max = 64 },
	[SERVE_FROM] = { .kind = KIND_NUMBER, .len_max = 15, .max = UINT64_C(999999999999999) },
	[SERVE_LIMIT] = { .kind = KIND_NUMBER, .len_max = 5, .min = 1, .max = 10000 },
	[SERVE_ORDER] = { .kind = KIND_CHOICE, .len_max = 8, .words = { "newest", "oldest" } },
	[SERVE_SINCE] = { .kind = KIND_TEXT, .len_max = 40 },
	[SERVE_STEP] = { .kind = KIND_CHOICE, .len_max = 8, .words = { "minute", "hour", "day" } },
	[SERVE_STREAM] = { .kind = KIND_STREAM, .len_max = STORE_NAME_MAX },
	[SERVE_UNTIL] = { .kind = KIND_TEXT, .len_max = 40 },
	[SERVE_WHERE] = { .kind = KIND_TEXT, .len_max = 2048 },
	[SERVE_WINDOW] = { .kind = KIND_CHOICE,
	    .len_max = 8,
	    .words = { "hour", "day", "week", "month" } },
};

static bool
is_cursor(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return (false);
	}
	return (value.len > 0);
}

static bool
choose(const struct rule *rule, struct span value, unsigned *choice)
{
	for (unsigned i = 0; rule->words[i] != NULL; i++)
		if (span_is(value, rule->words[i])) {
			*choice = i;
			return (true);
		}
	return (false);
}

static bool
is_good(unsigned param, struct span value, struct serve_params *out)
{
	const struct rule *rule = &rules[param];

	if (value.len == 0 || value.len > rule->len_max)
		return (false);
	switch (rule->kind) {
	case KIND_NUMBER:
		return (num_u64(value, &out->number[param]) == 0 &&
		    out->number[param] >= rule->min && out->number[param] <= rule->max);
	case KIND_CHOICE: return (choose(rule, value, &out->choice[param]));
	case KIND_CURSOR: return (is_cursor(value));
	case KIND_STREAM: return (store_name_known(value));
	default: return (true);
	}
}

static int
hex(char c)
{
	return (c >= '0' && c <= '9' ? c - '0' :
		c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				       -1);
}

/* to has room for all of it and a NUL.  -1: no text. */
static int
decode(struct span in, char *to, size_t *len)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		char c = in.ptr[i] == '+' ? ' ' : in.ptr[i];

		if (c == '%') {
			int high, low;

			if (in.len - i < 3 || (high = hex(in.ptr[i + 1])) == -1 ||
			    (low = hex(in.ptr[i + 2])) == -1)
				return (-1);
			c = (char)(high << 4 | low);
			i += 2;
		}
		if ((unsigned char)c < ' ' || c == 0x7f)
			return (-1);
		to[n++] = c;
	}
	to[n] = '\0';
	*len = n;
	return (text_is_utf8(span_of(to, n)) ? 0 : -1);
}

static int
find_param(struct span name)
{
	for (int i = 0; i < SERVE_PARAM_COUNT; i++)
		if (span_is(name, serve_param_names[i]))
			return (i);
	return (-1);
}

int
serve_params_read(struct span query, unsigned allowed, struct serve_params *out, int *wrong)
{
	char *to = out->bytes;
	size_t len;

	out->given = 0;
	for (int i = 0; i < SERVE_PARAM_COUNT; i++)
		out->text[i] = NULL;
	*wrong = -1;
	if (query.len > SERVE_TARGET_BYTES)
		return (-1);
	while (query.len > 0) {
		struct span pair = span_of(query.ptr, span_find(query, '&'));
		size_t equals = span_find(pair, '=');
		int param = find_param(span_of(pair.ptr, equals));

		query = span_from(query, pair.len + 1);
		if (param == -1 || equals == pair.len || (allowed & SERVE_BIT(param)) == 0 ||
		    (out->given & SERVE_BIT(param)) != 0)
			return (-1);
		*wrong = param;
		if (decode(span_from(pair, equals + 1), to, &len) == -1 ||
		    !is_good((unsigned)param, span_of(to, len), out))
			return (-1);
		*wrong = -1;
		out->given |= SERVE_BIT(param);
		out->text[param] = to;
		to += len + 1;
	}
	return (0);
}
