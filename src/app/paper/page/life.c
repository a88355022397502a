/* Sections: deletion and holds, keys, accesses, checks and changes. */
#include "app/paper/page/inside.h"

static void
put_act(const struct paper_act *a, bool with_count, struct buf *out)
{
	app_html_row(out);
	buf_str(out, "<th scope=\"row\" class=\"w\">");
	app_html_moment(out, a->at_us);
	buf_str(out, "</th>");
	app_html_name(out, a->stream);
	app_html_number(out, a->entry);
	app_html_word(out, a->kind);
	app_html_cell(out, a->what);
	if (with_count)
		app_html_number(out, a->records);
	else
		app_html_time(out, a->until_us);
	app_html_cell(out, a->why);
	app_html_name(out, a->ref);
	app_html_name(out, a->by);
	app_html_row_end(out);
}

static void
put_acts(const struct paper_acts *acts, const char *caption, bool with_count, struct buf *out)
{
	app_html_table(out, caption,
	    with_count ? "at (UTC)|stream|#entry|what|segments|#records|why|reference|by" :
			 "at (UTC)|stream|#entry|what|of|until (UTC)|why|reference|by");
	for (size_t i = 0; i < acts->count; i++)
		put_act(&acts->rows[i], with_count, out);
	app_html_end(out);
	app_page_more(out, acts->total, acts->count);
}

static void
put_count(struct buf *out, uint64_t n, const char *text)
{
	buf_str(out, "<li><strong>");
	app_html_grouped(out, n);
	buf_fmt(out, "</strong> %s</li>\n", text);
}

static void
put_terms(const struct paper *p, struct buf *out)
{
	app_html_table(out,
	    "Terms, by the configuration that was given, else the defaults; what is over its term "
	    "for "
	    "more than a day",
	    "stream|term|#segments over it|#records in these|#with sealed lines over theirs|"
	    "#held back|next is due (UTC)");
	for (size_t i = 0; i < p->stream_count; i++) {
		const struct paper_stream *s = &p->streams[i];

		if (s->rule[0] == '\0')
			continue;
		app_html_row(out);
		app_html_head(out, s->name);
		app_html_cell(out, s->rule);
		app_html_number(out, s->due_segments);
		app_html_number(out, s->due_records);
		app_html_number(out, s->due_lines);
		app_html_number(out, s->held_segments);
		app_html_time(out, s->next_us);
		app_html_row_end(out);
	}
	app_html_end(out);
}

void
app_page_deletion(const struct paper *p, struct buf *out)
{
	const struct paper_totals *t = &p->totals;

	buf_str(out, "<ul>\n");
	put_count(out, t->pruned_segments, "segments pruned in the window, whole");
	put_count(out, t->pruned_records, "records in these");
	put_count(out, t->erased, "single records erased");
	put_count(out, t->replaced,
	    "single records replaced by what today\xe2\x80\x99s rules leave of them");
	put_count(out, p->holds, "legal holds in force now");
	buf_str(out, "</ul>\n");
	put_terms(p, out);
	if (p->removed.total > 0)
		put_acts(&p->removed,
		    "Tombstones: entries of the chain, signed before anything was removed, newest "
		    "first",
		    true, out);
	if (p->held.total > 0)
		put_acts(&p->held, "Holds and releases, newest first", false, out);
}

/* ---- keys ---- */

static void
put_grace(const struct paper_key *key, struct buf *out)
{
	if (key->is_import)
		app_html_cell(out, "ends with the import");
	else {
		buf_str(out, "<td>");
		app_html_grouped(out, (uint64_t)(key->grace_us / PAPER_DAY_US));
		buf_str(out, key->grace_us == PAPER_DAY_US ? " day</td>" : " days</td>");
	}
}

void
app_page_keys(const struct paper *p, struct buf *out)
{
	static const int states[] = { 3, 1, 2, 0 };

	buf_fmt(out,
	    "<p>A pseudonym can be traced by whoever has its key. Keys that are destroyed: %ju; "
	    "live: %ju; "
	    "kept by a hold: %ju; overdue: %ju. All keys of the store are listed, whatever the "
	    "window. "
	    "Graces are those of the configuration that was given, else the defaults.</p>\n",
	    (uintmax_t)p->keys.destroyed, (uintmax_t)p->keys.live, (uintmax_t)p->keys.held_back,
	    (uintmax_t)p->keys.overdue);
	if (p->keys.count == 0)
		return;
	app_html_table(out,
	    "Keys by name; used: from the first to the last seal of what they masked",
	    "key|state|used from (UTC)|used until (UTC)|ends (UTC)|grace|destroyed (UTC)");
	for (size_t i = p->keys.count > PAPER_ROWS_MAX ? p->keys.count - PAPER_ROWS_MAX : 0;
	     i < p->keys.count; i++) {
		const struct paper_key *key = &p->keys.rows[i];

		app_html_row(out);
		app_html_head(out, key->name);
		buf_fmt(out, "<td><span class=\"s s%d\">%s</span></td>", states[key->state],
		    paper_key_states[key->state]);
		app_html_time(out, key->first_us);
		app_html_time(out, key->last_us);
		app_html_time(out, key->end_us);
		put_grace(key, out);
		app_html_time(out, key->destroyed_us);
		app_html_row_end(out);
	}
	app_html_end(out);
	app_page_more(out, p->keys.count, PAPER_ROWS_MAX);
}

/* ---- accesses ---- */

void
app_page_access(const struct paper *p, struct buf *out)
{
	if (!p->has_access) {
		buf_str(out,
		    "<p>There is no stream <code>cretula.access</code>: nobody looked through "
		    "serve. "
		    "Who reads files is beyond it.</p>\n");
		return;
	}
	if (p->access_problem[0] != '\0') {
		buf_str(out, "<p class=\"note\">Not all could be read: ");
		app_html_text(out, span_str(p->access_problem));
		buf_str(out, "</p>\n");
	}
	app_html_table(out, "Views through serve, by role, in the window; those that are sealed",
	    "role|tier|#requests|#refused|#records shown|#operators|first (UTC)|last (UTC)");
	for (unsigned i = 0; i < p->role_count; i++) {
		const struct paper_role *r = &p->roles[i];

		app_html_row(out);
		app_html_head(out, r->role);
		app_html_cell(out, r->tier);
		app_html_number(out, r->requests);
		app_html_number(out, r->refused);
		app_html_number(out, r->rows);
		app_html_number(out, r->operators);
		app_html_time(out, r->first_us);
		app_html_time(out, r->last_us);
		app_html_row_end(out);
	}
	app_html_end(out);
}

/* ---- checks and changes ---- */

void
app_page_changes(const struct paper *p, struct buf *out)
{
	if (p->check_count == 0)
		buf_str(out, "<p>No report of a check was sealed.</p>\n");
	else
		app_html_table(out, "Reports that were sealed, by kind; result 0 is good",
		    "kind|#reports|#not good|last (UTC)|#its result");
	for (unsigned i = 0; i < p->check_count; i++) {
		const struct paper_check *c = &p->checks[i];

		app_html_row(out);
		app_html_head(out, c->kind);
		app_html_number(out, c->count);
		app_html_number(out, c->bad);
		app_html_time(out, c->last_us);
		app_html_number(out, c->last_result);
		app_html_row_end(out);
	}
	if (p->check_count > 0)
		app_html_end(out);
	if (p->changed.total > 0)
		put_acts(&p->changed,
		    "Starts, stops, archives, changes of configuration, keys and clock, newest "
		    "first",
		    false, out);
	else
		buf_str(out,
		    "<p>No entry says of a start, or of a change of configuration, keys or "
		    "clock.</p>\n");
}
