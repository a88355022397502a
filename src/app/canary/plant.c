/* Identifiers that nobody has, and a line that holds them. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/canary/canary.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/random.h"
#include "parse/parse.h"

const char *const app_canary_names[APP_CANARY_VALUES] = { "address", "email", "name", "session",
	"jwt" };

/* What samples of formats have in the place of a client. */
static const char *const networks[] = { "192.0.2.", "198.51.100.", "203.0.113." };

static void
make_values(struct app_canary *c)
{
	unsigned char random[48];
	char hex[2 * sizeof(random) + 1];
	uint32_t number;

	crypto_random(random, sizeof(random));
	hex[text_hex(hex, random, sizeof(random))] = '\0';
	memcpy(&number, random, sizeof(number));
	(void)snprintf(c->values[APP_CANARY_ADDRESS], APP_CANARY_BYTES, "%s%u",
	    networks[number % 3], 1 + number / 3 % 254);
	(void)snprintf(
	    c->values[APP_CANARY_EMAIL], APP_CANARY_BYTES, "canary-%.12s@canary.invalid", hex + 8);
	(void)snprintf(c->values[APP_CANARY_NAME], APP_CANARY_BYTES, "canary-%.12s", hex + 20);
	(void)snprintf(c->values[APP_CANARY_SESSION], APP_CANARY_BYTES, "%.32s", hex + 32);
	(void)snprintf(c->values[APP_CANARY_JWT], APP_CANARY_BYTES,
	    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ%.10s.%.20s", hex + 64, hex + 74);
	(void)snprintf(c->mark, sizeof(c->mark), "%u", 100000000 + number % 900000000);
}

/* ---- the line ---- */

/* The last line of a sample: those before it name its columns. */
static struct span
last_line(const char *sample)
{
	const char *last = strrchr(sample, '\n');

	return (span_str(last == NULL ? sample : last + 1));
}

/* An address of those networks, with all its digits. */
static size_t
address_at(struct span rest)
{
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		size_t len = strlen(networks[i]);

		if (!span_starts(rest, span_str(networks[i])))
			continue;
		while (len < rest.len && rest.ptr[len] >= '0' && rest.ptr[len] <= '9')
			len++;
		return (len);
	}
	return (0);
}

static size_t
find(struct span text, const char *word)
{
	for (size_t at = 0; at < text.len; at++)
		if (span_starts(span_from(text, at), span_str(word)))
			return (at);
	return (text.len);
}

/* The query of the planted request; as a browser would, and encoded twice. */
static void
add_query(const struct app_canary *c, bool more, struct buf *out)
{
	const char *email = c->values[APP_CANARY_EMAIL];
	int at = (int)strcspn(email, "@");

	buf_fmt(out, "%cemail=%.*s%%40%s&next=%%2Fu%%2F%s%%3Fm%%3D%.*s%%2540%s&sid=%s&token=%s",
	    more ? '&' : '?', at, email, email + at + 1, c->values[APP_CANARY_NAME], at, email,
	    email + at + 1, c->values[APP_CANARY_SESSION], c->values[APP_CANARY_JWT]);
}

/* The size of an answer behind its status, `" 200 512`: kept in clear, it marks the record. */
static size_t
add_size(const struct app_canary *c, struct span rest, struct buf *out)
{
	size_t at = find(rest, "\" 200 ") + 6, len = 0;

	if (at >= rest.len)
		return (0);
	while (at + len < rest.len && rest.ptr[at + len] >= '0' && rest.ptr[at + len] <= '9')
		len++;
	if (len == 0)
		return (0);
	buf_span(out, span_of(rest.ptr, at));
	buf_str(out, c->mark);
	return (at + len);
}

static bool
has_query(struct span line, size_t request)
{
	size_t at = request;

	while (at > 0 && line.ptr[at - 1] != ' ' && line.ptr[at - 1] != '"')
		if (line.ptr[--at] == '?')
			return (true);
	return (false);
}

/* false: it has no place for an identifier. */
static bool
fill(struct app_canary *c, struct span line)
{
	size_t request = find(line, " HTTP/1"), at = 0, size = 0;
	bool planted = false;

	while (at < line.len) {
		size_t len = address_at(span_from(line, at));

		if (len > 0) {
			buf_str(&c->line, c->values[APP_CANARY_ADDRESS]);
			planted = true;
			at += len;
			continue;
		}
		if (at == request) {
			add_query(c, has_query(line, request), &c->line);
			size = add_size(c, span_from(line, at), &c->line);
			at += size;
			planted = true;
		}
		if (at < line.len)
			buf_char(&c->line, line.ptr[at++]);
	}
	if (size == 0)
		c->mark[0] = '\0';
	if (request == line.len)
		for (int i = APP_CANARY_ADDRESS + 1; i < APP_CANARY_VALUES; i++)
			c->values[i][0] = '\0';
	return (planted);
}

static void
add_envelope(struct buf *out)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];

	(void)gmtime_r(&now, &tm);
	(void)strftime(text, sizeof(text), "%b %e %H:%M:%S", &tm);
	buf_fmt(out, "<190>%s localhost canary: ", text);
}

int
app_canary_plant(struct app_canary *c, const char *format, const char *envelope, struct err *e)
{
	const struct parse_format *f = parse_format_find(span_str(format));

	memset(c, 0, sizeof(*c));
	if (f == NULL)
		return (err_set(e, ERR_INCOMPLETE,
		    "a format string: what a line of it looks like is not known"));
	if (envelope[0] != '\0' && strcmp(envelope, "syslog") != 0)
		return (err_set(e, ERR_INCOMPLETE, "its lines come in an envelope (%s)", envelope));
	make_values(c);
	c->shape = envelope[0] == '\0' ? f->name : "";
	if (envelope[0] != '\0')
		add_envelope(&c->line);
	if (!fill(c, last_line(f->sample)))
		return (err_set(
		    e, ERR_INCOMPLETE, "a line of %s has no place for an identifier", f->name));
	return (buf_ok(&c->line) ? 0 : err_memory(e));
}

void
app_canary_free(struct app_canary *c)
{
	buf_wipe(&c->line);
	crypto_wipe(c, sizeof(*c));
}
