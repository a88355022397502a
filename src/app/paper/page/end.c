/* Sections: exceptions, controls. */
#include "app/paper/page/inside.h"

#include <string.h>

void
app_page_exceptions(const struct paper *p, struct buf *out)
{
	struct paper_exception x;

	app_html_table(out, "Exceptions: what whoever relies on this store should know, counted",
	    "#how many|what");
	for (unsigned i = 0; app_paper_exception(p, i, &x); i++) {
		buf_str(out, "<tr><th scope=\"row\" class=\"n\">");
		app_html_grouped(out, x.count);
		buf_str(out, "</th>");
		app_html_cell(out, x.text);
		app_html_row_end(out);
	}
	app_html_end(out);
	buf_str(out, "<h3>Not guaranteed, whatever the figures</h3>\n<ul>\n");
	for (unsigned i = 0; paper_limits[i] != NULL; i++) {
		buf_str(out, "<li>");
		app_html_text(out, span_str(paper_limits[i]));
		buf_str(out, "</li>\n");
	}
	buf_str(out, "</ul>\n");
}

/* "10.3.2, 10.3.4": none is broken in two. */
static void
put_numbers(struct buf *out, const char *text)
{
	size_t len;

	buf_str(out, "<td>");
	for (; *text != '\0'; text += len) {
		len = strcspn(text, ",");
		len += text[len] == ',';
		buf_str(out, "<span class=\"w\">");
		app_html_text(out, span_of(text, len));
		buf_str(out, "</span>");
		if (text[len] == ' ') {
			buf_char(out, ' ');
			len++;
		}
	}
	buf_str(out, "</td>");
}

/* "days_of_records" is a name for programs. */
static void
put_figure(struct buf *out, const char *name, uint64_t n)
{
	for (; *name != '\0'; name++)
		buf_char(out, *name == '_' ? ' ' : *name);
	buf_char(out, ' ');
	buf_str(out, "<strong>");
	app_html_grouped(out, n);
	buf_str(out, "</strong>");
}

static void
put_control(const struct paper_control *c, const struct paper_verdict *v, struct buf *out)
{
	buf_str(out, "<article class=\"c\"><h3><span>");
	app_html_text(out, span_str(c->title));
	buf_fmt(out, "</span><span class=\"s s%d\">%s</span></h3>\n<p>", v->state,
	    paper_states[v->state]);
	for (unsigned i = 0; i < v->figure_count; i++) {
		buf_str(out, i == 0 ? "" : " \xc2\xb7 ");
		put_figure(out, v->figures[i].name, v->figures[i].n);
	}
	buf_str(out, "</p>\n<p class=\"soft\">");
	app_html_text(out, span_str(c->rule));
	buf_str(out, ".</p>\n</article>\n");
}

void
app_page_controls(const struct paper *p, struct buf *out)
{
	buf_str(out,
	    "<p>What a control asks of an organisation is more than a log can show. A state says "
	    "how "
	    "far this store supports it, by the figures beside it and the rule below them. Not "
	    "applicable: there is nothing that it could be said of. Where a chain could not be "
	    "read "
	    "whole, nothing is met.</p>\n");
	app_html_table(out, "Which requirements each control speaks to",
	    "control|state|GDPR|ISO/IEC 27001 :2022|SOC 2|PCI DSS 4.0.1|NIST SP 800-53");
	for (unsigned i = 0; i < PAPER_CONTROL_COUNT; i++) {
		const struct paper_control *c = &paper_controls[i];
		enum paper_state state = p->verdicts[i].state;

		app_html_row(out);
		app_html_head(out, c->title);
		buf_fmt(
		    out, "<td><span class=\"s s%d\">%s</span></td>", state, paper_states[state]);
		put_numbers(out, c->gdpr);
		put_numbers(out, c->iso);
		put_numbers(out, c->soc2);
		put_numbers(out, c->pci);
		put_numbers(out, c->nist);
		app_html_row_end(out);
	}
	app_html_end(out);
	for (unsigned i = 0; i < PAPER_CONTROL_COUNT; i++)
		put_control(&paper_controls[i], &p->verdicts[i], out);
}
