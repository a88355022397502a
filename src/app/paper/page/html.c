/* Text and tables. */
#include "app/paper/page/html.h"

#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "crypto/sha256.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define DASH "\xe2\x80\x93"

/* A well-formed sequence of 2 to 4 bytes: a control, or what a reader does not see? */
static bool
is_hidden(const unsigned char *c, size_t len)
{
	uint32_t code = c[0] & 0x7fU >> len;

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (c[i] & 0x3f);
	return (code < 0xa0 || text_is_hidden(code));
}

static const char *
entity(char c)
{
	switch (c) {
	case '<': return ("&lt;");
	case '>': return ("&gt;");
	case '&': return ("&amp;");
	case '"': return ("&quot;");
	case '\'': return ("&#39;");
	default: return (NULL);
	}
}

void
app_html_text(struct buf *out, struct span text)
{
	size_t len;

	for (size_t i = 0; i < text.len; i += len) {
		const unsigned char *c = (const unsigned char *)text.ptr + i;
		const char *name = entity(text.ptr[i]);

		len = text_utf8_len(c, text.len - i);
		if (name != NULL)
			buf_str(out, name);
		else if (len == 0 || *c < 0x20 || *c == 0x7f || (len > 1 && is_hidden(c, len)))
			buf_str(out, REPLACEMENT);
		else
			buf_add(out, c, len);
		len = len == 0 ? 1 : len;
	}
}

void
app_html_style(struct buf *out, const char *style)
{
	unsigned char hash[32];

	crypto_sha256(style, strlen(style), hash);
	buf_str(out,
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	    "'sha256-");
	buf_base64(out, hash, sizeof(hash));
	buf_fmt(out,
	    "'; base-uri 'none'; form-action 'none'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n<style>%s</style>\n",
	    style);
}

/* ---- tables ---- */

void
app_html_table(struct buf *out, const char *caption, const char *columns)
{
	const char *second = strchr(columns, '|');
	bool narrow = second == NULL || strchr(second + 1, '|') == NULL;

	/* What is wider than the window is scrolled, by keyboard too. */
	buf_str(out, "<div class=\"t\" role=\"group\" tabindex=\"0\" aria-label=\"");
	app_html_text(out, span_str(caption));
	buf_fmt(out, "\"><table%s><caption>%s</caption>\n<thead><tr>", narrow ? " class=\"k\"" : "",
	    caption);
	while (columns[0] != '\0') {
		size_t len = strcspn(columns, "|");
		bool number = columns[0] == '#';

		buf_fmt(out, "<th scope=\"col\"%s>%.*s</th>", number ? " class=\"n\"" : "",
		    (int)(len - number), columns + number);
		columns += len + (columns[len] == '|');
	}
	buf_str(out, "</tr></thead>\n<tbody>\n");
}

void
app_html_end(struct buf *out)
{
	buf_str(out, "</tbody></table></div>\n");
}

void
app_html_row(struct buf *out)
{
	buf_str(out, "<tr>");
}

void
app_html_row_end(struct buf *out)
{
	buf_str(out, "</tr>\n");
}

void
app_html_head(struct buf *out, const char *text)
{
	buf_str(out, "<th scope=\"row\">");
	app_html_text(out, span_str(text));
	buf_str(out, "</th>");
}

static void
put_cell(struct buf *out, const char *tag, const char *text)
{
	buf_str(out, tag);
	app_html_text(out, span_str(text));
	buf_str(out, "</td>");
}

void
app_html_cell(struct buf *out, const char *text)
{
	put_cell(out, "<td>", text);
}

void
app_html_word(struct buf *out, const char *text)
{
	put_cell(out, "<td class=\"w\">", text);
}

void
app_html_name(struct buf *out, const char *text)
{
	put_cell(out, "<td class=\"y\">", text);
}

void
app_html_number(struct buf *out, uint64_t n)
{
	buf_str(out, n == 0 ? "<td class=\"n z\">" : "<td class=\"n\">");
	app_html_grouped(out, n);
	buf_str(out, "</td>");
}

void
app_html_time(struct buf *out, int64_t t_us)
{
	buf_str(out, "<td class=\"w\">");
	app_html_moment(out, t_us);
	buf_str(out, "</td>");
}

void
app_html_grouped(struct buf *out, uint64_t n)
{
	char text[32];

	num_print_grouped(text, n);
	buf_str(out, text);
}

void
app_html_moment(struct buf *out, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];
	size_t len;

	if (t_us == 0 || t_us == INT64_MIN || t_us == INT64_MAX) {
		buf_str(out, DASH);
		return;
	}
	len = clock_rfc3339(text, t_us);
	buf_fmt(out, "<time datetime=\"%.*s\">%.10s %.8s</time>", (int)len, text, text, text + 11);
}
