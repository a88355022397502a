/* parse: the table of formats. */
#include "parse/clf/clf.h"
#include "parse/parse.h"

#define SAMPLE_COMMON \
	"192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /index.html HTTP/1.1\" 200 512"
#define SAMPLE_COMBINED \
	SAMPLE_COMMON " \"https://www.example.com/\" \"Mozilla/5.0 (X11) Firefox/128.0\""

const struct parse_format parse_formats[] = {
	{ "apache-combined", "combined", "Apache's combined log: common with referer and agent",
	    SAMPLE_COMBINED, parse_clf_combined, NULL },
	{ "apache-common", "common", "the common log format of Apache and many others",
	    SAMPLE_COMMON, parse_clf_common, NULL },
	{ "apache-vhost-combined", "vhost_combined",
	    "Apache's vhost_combined: host:port in front of combined",
	    "www.example.com:443 " SAMPLE_COMBINED, parse_clf_vhost, NULL },
	{ "nginx-combined", "nginx", "nginx's default log_format combined", SAMPLE_COMBINED,
	    parse_clf_combined, NULL },
};
const size_t parse_format_count = sizeof(parse_formats) / sizeof(parse_formats[0]);

/* Is name one of the blank-separated words? */
static bool
format_among(struct span words, struct span name)
{
	size_t at = 0;

	while (at < words.len) {
		size_t len = span_find(span_from(words, at), ' ');

		if (len > 0 && span_equal(span_of(words.ptr + at, len), name))
			return (true);
		at += len + 1;
	}
	return (false);
}

const struct parse_format *
parse_format_find(struct span name)
{
	for (size_t i = 0; i < parse_format_count; i++) {
		const struct parse_format *f = &parse_formats[i];

		if (span_is(name, f->name) || format_among(span_str(f->aliases), name))
			return (f);
	}
	return (NULL);
}
