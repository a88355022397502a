/* serve: the headers of a request that mean something. */
#include <strings.h>

#include "base/json.h"
#include "crypto/random.h"
#include "serve/request.h"

static bool
is_blank(char c)
{
	return (c == ' ' || c == '\t');
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = span_from(s, 1);
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return (s);
}

/* What stands before the next separator; rest: behind it. */
static struct span
take(struct span *rest, char separator)
{
	struct span part = span_of(rest->ptr, span_find(*rest, separator));

	*rest = span_from(*rest, part.len + 1);
	return (trim(part));
}

static bool
is_word(struct span s, const char *word)
{
	return (s.len == strlen(word) && strncasecmp(s.ptr, word, s.len) == 0);
}

struct span
serve_cookie_find(struct span cookie, const char *name)
{
	struct span found = span_of("", 0);
	bool seen = false;

	while (cookie.len > 0) {
		struct span pair = take(&cookie, ';');
		size_t equals = span_find(pair, '=');

		if (equals == pair.len || !span_is(span_of(pair.ptr, equals), name))
			continue;
		if (seen)
			return (span_of("", 0));
		seen = true;
		found = span_from(pair, equals + 1);
	}
	return (found);
}

struct span
serve_bearer(struct span authorization)
{
	static const char word[] = "Bearer ";
	const size_t len = sizeof(word) - 1;

	if (authorization.len <= len || strncasecmp(authorization.ptr, word, len) != 0)
		return (span_of("", 0));
	return (trim(span_from(authorization, len)));
}

/* The q of what follows a type: is it zero? */
static bool
weighs_nothing(struct span rest)
{
	while (rest.len > 0) {
		struct span one = take(&rest, ';');

		if (one.len < 3 || (one.ptr[0] != 'q' && one.ptr[0] != 'Q') || one.ptr[1] != '=')
			continue;
		for (size_t i = 2; i < one.len; i++)
			if (one.ptr[i] != '0' && one.ptr[i] != '.')
				return (false);
		return (true);
	}
	return (false);
}

bool
serve_prefers(struct span accept, const char *type)
{
	while (accept.len > 0) {
		struct span rest = take(&accept, ','), one = take(&rest, ';');

		if (is_word(one, type) && !weighs_nothing(rest))
			return (true);
	}
	return (false);
}

bool
serve_packs(struct span accept_encoding, const char *encoding)
{
	while (accept_encoding.len > 0) {
		struct span rest = take(&accept_encoding, ','), one = take(&rest, ';');

		if (is_word(one, encoding))
			return (!weighs_nothing(rest));
	}
	return (false);
}

bool
serve_is_type(struct span content_type, const char *type)
{
	return (is_word(take(&content_type, ';'), type));
}

bool
serve_matches(struct span none_match, const char *etag)
{
	while (none_match.len > 0) {
		struct span one = take(&none_match, ',');

		if (one.len > 2 && one.ptr[0] == 'W' && one.ptr[1] == '/')
			one = span_from(one, 2);
		if (span_is(one, "*") || span_is(one, etag))
			return (true);
	}
	return (false);
}

/* JSON of ours has no blanks; that of others may. */
static struct span
without_blanks(struct span body, char *out)
{
	size_t n = 0;
	bool quoted = false;

	for (size_t i = 0; i < body.len; i++) {
		char c = body.ptr[i];

		if (!quoted && (is_blank(c) || c == '\n' || c == '\r'))
			continue;
		if (c == '"' && (n == 0 || out[n - 1] != '\\'))
			quoted = !quoted;
		out[n++] = c;
	}
	return (span_of(out, n));
}

static int
read_token(struct span text, char token[static SERVE_TOKEN_BYTES])
{
	struct json_value v, member;
	struct json_cursor c;
	struct span key;

	if (json_parse(text, &v, NULL) == -1 || v.type != JSON_OBJECT)
		return (-1);
	json_open(&c, &v);
	if (!json_next(&c, &key, &member) || !span_is(key, "token") || member.type != JSON_STRING ||
	    member.text.len == 0 || member.text.len >= SERVE_TOKEN_BYTES ||
	    memchr(member.text.ptr, '\\', member.text.len))
		return (-1);
	memcpy(token, member.text.ptr, member.text.len);
	token[member.text.len] = '\0';
	return (json_next(&c, &key, &member) ? -1 : 0);
}

int
serve_login_read(struct span body, char token[static SERVE_TOKEN_BYTES])
{
	char bytes[512];
	int rc;

	if (body.len == 0 || body.len > sizeof(bytes))
		return (-1);
	rc = read_token(without_blanks(body, bytes), token);
	crypto_wipe(bytes, sizeof(bytes));
	return (rc);
}
