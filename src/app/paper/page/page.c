/* A paper as one file of HTML, to be read on a screen and printed on A4. */
#include "app/paper/page/inside.h"

#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--back:#fff;--soft:#57606a;--line:#d0d7de;"
    "--head:#f6f8fa;--good:#116329;--goodb:#dafbe1;--part:#7a4a00;--partb:#fff1d6;--bad:#a40e26;"
    "--badb:#ffe5e5;--none:#57606a;--noneb:#eef1f4;--link:#0757ba}"
    "@media screen and (prefers-color-scheme:dark){:root{--ink:#e6edf3;--back:#0d1117;"
    "--soft:#a6b0ba;--line:#30363d;--head:#161b22;--good:#7ee2a0;--goodb:#10301c;--part:#f2cc7a;"
    "--partb:#35280b;--bad:#ffb1b1;--badb:#45161a;--none:#b3bcc6;--noneb:#20262e;--link:#79b8ff}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:72rem;padding:1.5rem 1rem 4rem;"
    "font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;"
    "color:var(--ink);background:var(--back)}"
    "header{border-bottom:3px solid var(--ink);margin-bottom:1.5rem}"
    "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .25rem}"
    "h2{font-size:1.3rem;margin:2.5rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}"
    "h3{font-size:1.05rem;margin:1.5rem 0 .25rem}"
    "p{margin:.5rem 0;max-width:48rem}.soft,caption,dt{color:var(--soft)}"
    "a{color:var(--link)}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.25rem;margin:1rem 0}"
    "dd{margin:0;overflow-wrap:anywhere}dt{white-space:nowrap}"
    ".t{overflow-x:auto;margin:1rem 0}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "caption{text-align:left;padding-bottom:.3rem;font-size:.9rem}"
    "th,td{padding:.35rem .6rem;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--line);overflow-wrap:anywhere}"
    "thead th{background:var(--head);border-bottom:2px solid var(--line);"
    "overflow-wrap:normal;vertical-align:bottom}"
    "tbody th{font-weight:600;overflow-wrap:break-word}"
    ".k{width:auto;min-width:min(100%,26rem)}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".y{min-width:4em}tbody th{min-width:6.5em}"
    "thead .n{white-space:normal}"
    ".w,time{white-space:nowrap;font-variant-numeric:tabular-nums}"
    ".z{color:var(--soft)}@media screen and (max-width:60rem){tbody "
    "td:not(.n):not(.w){min-width:8rem}}"
    "code{font:.85em/1.4 ui-monospace,'Liberation Mono',monospace;overflow-wrap:anywhere}"
    ".t code{display:inline-block;min-width:17rem}"
    ".s{display:inline-block;padding:.05rem .6rem;border-radius:1rem;font-weight:600;"
    "font-size:.85rem;white-space:nowrap;border:1px solid currentColor}"
    ".s0{color:var(--good);background:var(--goodb)}.s1{color:var(--part);background:var(--partb)}"
    ".s2{color:var(--bad);background:var(--badb)}.s3{color:var(--none);background:var(--noneb)}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.75rem;"
    "padding:0;margin:1rem 0;list-style:none}"
    ".tiles li{border:1px solid var(--line);border-radius:.4rem;padding:.7rem .9rem}"
    ".tiles strong{display:block;font-size:1.35rem;line-height:1.3;overflow-wrap:anywhere}"
    ".note{border-left:4px solid var(--part);background:var(--partb);padding:.6rem .9rem;"
    "max-width:none}"
    "nav ol{columns:2;padding-left:1.4rem;margin:.5rem 0}"
    ".c{border:1px solid var(--line);border-radius:.4rem;padding:.6rem .9rem;margin:.75rem 0}"
    ".c h3{margin:0;display:flex;gap:.75rem;justify-content:space-between;align-items:start}"
    ".c p{font-size:.9rem;margin:.3rem 0;max-width:none}"
    "ul{padding-left:1.3rem}li{margin:.2rem 0}"
    "@media screen and (max-width:34rem){nav "
    "ol{columns:1}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:"
    ".5rem}.c h3{flex-direction:column;gap:.25rem}}"
    "@page{size:A4;margin:18mm 15mm 20mm;@bottom-right{content:counter(page) ' / ' "
    "counter(pages);font:8pt sans-serif;color:#57606a}"
    "@bottom-left{content:'cretula evidence report';font:8pt sans-serif;color:#57606a}}"
    "@media print{body{max-width:none;padding:0;font-size:9.5pt}h1{font-size:20pt}"
    "h2{font-size:13pt;margin-top:16pt}.t{overflow:visible}table{font-size:8pt}th,td{padding:2.5pt "
    "4pt}time{white-space:normal}.t code{min-width:0}"
    "h2,h3,caption{break-after:avoid}tr,.c,.tiles li,.note{break-inside:avoid}"
    "thead{display:table-header-group}a{color:inherit;text-decoration:none}"
    ".tiles{grid-template-columns:repeat(3,1fr)}"
    ".s,.note,thead th{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

static const struct {
	const char *id, *title;
	void (*print)(const struct paper *p, struct buf *out);
} sections[] = {
	{ "integrity", "Integrity", app_page_integrity },
	{ "completeness", "Completeness", app_page_completeness },
	{ "masking", "Masking", app_page_masking },
	{ "deletion", "Retention, deletion and holds", app_page_deletion },
	{ "keys", "Keys of pseudonyms", app_page_keys },
	{ "access", "Who looked", app_page_access },
	{ "changes", "Checks and changes", app_page_changes },
	{ "exceptions", "Exceptions, and what is not guaranteed", app_page_exceptions },
	{ "controls", "Controls", app_page_controls },
};
#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* <h2> with the section's number and name. */
static void
print_section(struct buf *out, const char *id, const char *title)
{
	unsigned at = 0;

	while (at < SECTIONS && strcmp(sections[at].id, id) != 0)
		at++;
	buf_fmt(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%u. %s</h2>\n", id, id,
	    at + 1, title);
}

void
app_page_more(struct buf *out, uint64_t total, uint64_t shown)
{
	if (total <= shown)
		return;
	buf_str(out, "<p class=\"soft\">Not listed: ");
	app_html_grouped(out, total - shown);
	buf_str(out, " older ones. They are counted above.</p>\n");
}

/* ---- head ---- */

static void
put_scope(const struct paper *p, struct buf *out)
{
	buf_str(out, "<dl>\n<dt>Store</dt><dd>");
	app_html_text(out, span_str(p->store));
	buf_str(out, "</dd>\n<dt>Streams</dt><dd>");
	if (p->stream != NULL)
		app_html_text(out, span_str(p->stream));
	for (size_t i = 0; p->stream == NULL && i < p->stream_count; i++) {
		buf_str(out, i == 0 ? "" : ", ");
		app_html_text(out, span_str(p->streams[i].name));
	}
	buf_str(out, "</dd>\n<dt>Window (UTC)</dt><dd>");
	if (p->range.since_us == INT64_MIN && p->range.until_us == INT64_MAX)
		buf_str(out, "all of it");
	else {
		app_html_moment(out, p->range.since_us);
		buf_str(out, " until, not included, ");
		app_html_moment(out, p->range.until_us);
	}
	buf_str(out, "</dd>\n<dt>Store since</dt><dd>");
	app_html_moment(out, p->genesis_us);
	buf_str(out, "</dd>\n<dt>Made</dt><dd>");
	app_html_moment(out, p->now_us);
	buf_str(out, " UTC by ");
	app_html_text(out, span_str(p->by));
	buf_str(out, ", with cretula ");
	app_html_text(out, span_str(p->version));
	buf_str(out, "</dd>\n<dt>Auditor's line</dt><dd><code>");
	app_html_text(out, span_str(p->verify.coverage.auditor));
	buf_str(out, "</code></dd>\n</dl>\n");
}

static void
put_tile(struct buf *out, const char *title, uint64_t n, const char *unit)
{
	buf_fmt(out, "<li><span class=\"soft\">%s</span><strong>", title);
	app_html_grouped(out, n);
	buf_fmt(out, "</strong>%s</li>\n", unit);
}

static void
put_tiles(const struct paper *p, struct buf *out)
{
	unsigned states[4] = { 0 };
	struct paper_sums s;

	app_paper_sum(p, &s);
	for (unsigned i = 0; i < PAPER_CONTROL_COUNT; i++)
		states[p->verdicts[i].state]++;
	buf_str(out, "<ul class=\"tiles\">\n");
	put_tile(out, "Lines that came", s.counts.lines, "in the window");
	put_tile(out, "Records sealed", s.records, "of these lines");
	put_tile(out, "Known to be lost", s.counts.lost, "events");
	put_tile(out, "Values masked", s.masked, "by class: see Masking");
	put_tile(out, "Records removed", s.pruned_records + s.erased, "pruned or erased");
	buf_fmt(out,
	    "<li><span class=\"soft\">Controls</span><strong>%u of %u met</strong>"
	    "%u partly, %u not met, %u not applicable</li>\n</ul>\n",
	    states[PAPER_MET], PAPER_CONTROL_COUNT - states[PAPER_NOT_APPLICABLE],
	    states[PAPER_PARTLY], states[PAPER_NOT_MET], states[PAPER_NOT_APPLICABLE]);
}

static void
put_head(const struct paper *p, struct buf *out)
{
	static const struct {
		int state;
		const char *text;
	} verdicts[] = { { 0, "verified: good" }, { 2, "does not verify" },
		{ 1, "verified: not all could be checked" } };
	unsigned at = p->verify.exit_code == 0 ? 0 : p->verify.exit_code == 1 ? 1 : 2;

	buf_str(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	app_html_style(out, style);
	buf_str(out, "<title>Evidence report: ");
	app_html_text(out, span_str(p->store));
	buf_str(out, "</title>\n</head>\n<body>\n<header>\n<h1>Evidence report</h1>\n");
	buf_fmt(
	    out, "<p><span class=\"s s%d\">%s</span></p>\n", verdicts[at].state, verdicts[at].text);
	put_scope(p, out);
	buf_str(out, "</header>\n<main>\n");
}

void
app_paper_print_page(const struct paper *p, struct buf *out)
{
	put_head(p, out);
	buf_str(out,
	    "<p class=\"note\"><strong>No tool makes anybody compliant, and this page is no "
	    "certificate.</strong> It says what one store shows, and by which figures. A state is "
	    "computed from these by a rule that stands beside it; nobody typed it. The same for "
	    "programs is in <code>report.json</code>.</p>\n");
	put_tiles(p, out);
	buf_str(out, "<nav aria-label=\"Sections\"><ol>\n");
	for (size_t i = 0; i < SECTIONS; i++)
		buf_fmt(
		    out, "<li><a href=\"#%s\">%s</a></li>\n", sections[i].id, sections[i].title);
	buf_str(out, "</ol></nav>\n");
	for (size_t i = 0; i < SECTIONS; i++) {
		print_section(out, sections[i].id, sections[i].title);
		sections[i].print(p, out);
		buf_str(out, "</section>\n");
	}
	buf_str(out, "</main>\n</body>\n</html>\n");
}
