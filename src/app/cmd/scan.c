/* app: cretula scan: do written bytes still give an identifier away? */
#include <fcntl.h>
#include <unistd.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/say.h"
#include "app/setup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/num.h"
#include "leak/tree.h"

#define RULES_BYTES_MAX ((size_t)1 << 20)
#define VALUES_BYTES_MAX ((size_t)32 << 20)
#define PROBLEMS_SHOWN 20

static const struct app_option options[] = {
	{ "jobs", "N", "threads, 1 to 64 (default: one a processor)" },
	{ "limit", "N", "findings to show, 0 to 1000000 (default 100); all are counted" },
	{ "list-rules", NULL, "the rules, with what they find" },
	{ "rules", "FILE", "more rules: lines NAME PATTERN (PCRE2), below them + and - examples" },
	{ "skip", "NAMES", "rules to leave out: ipv4,ipv6" },
	{ "strict", NULL, "also what only looks random" },
	{ "values", "FILE", "values that must be nowhere, one a line; - is standard input" },
	{ NULL, NULL, NULL },
};

/* Wiped: it may hold what must be nowhere. */
static int
read_values(const char *path, struct buf *text, struct err *e)
{
	char bytes[4096];
	ssize_t n;
	int rc = 0;

	if (strcmp(path, "-") != 0)
		return (io_read_file(AT_FDCWD, path, VALUES_BYTES_MAX, text, e));
	while (rc == 0 && (n = io_read(STDIN_FILENO, bytes, sizeof(bytes), e)) != 0) {
		if (n == -1 || text->len + (size_t)n > VALUES_BYTES_MAX)
			rc = n == -1 ? -1 : err_set(e, ERR_INPUT, "more than 32 MiB of values");
		else
			buf_add(text, bytes, (size_t)n);
	}
	explicit_bzero(bytes, sizeof(bytes));
	return (rc);
}

static int
skip_rules(struct leak_rules *rules, const char *names, struct err *e)
{
	for (;;) {
		size_t len = strcspn(names, ",");
		char name[32] = "";

		if (len < sizeof(name))
			memcpy(name, names, len);
		if (leak_rules_skip(rules, name, e) == -1)
			return (err_in(e, "--skip"));
		if (names[len] == '\0')
			return (0);
		names += len + 1;
	}
}

static int
open_rules(const struct app_args *args, struct leak_rules **rules, struct err *e)
{
	const char *own = app_arg(args, "rules"), *values = app_arg(args, "values");
	const char *skip = app_arg(args, "skip");
	struct buf text = { 0 };
	int rc = -1;

	if (leak_rules_open(app_arg(args, "strict") != NULL ? LEAK_STRICT : LEAK_PLAIN, rules, e) ==
	    -1)
		return (-1);
	if (own != NULL) {
		if (io_read_file(AT_FDCWD, own, RULES_BYTES_MAX, &text, e) == -1)
			goto out;
		if (leak_rules_add(*rules, buf_view(&text), e) == -1) {
			(void)err_in(e, "%s", own);
			goto out;
		}
		buf_free(&text);
	}
	if (values != NULL) {
		if (read_values(values, &text, e) == -1)
			goto out;
		if (leak_rules_plant(*rules, buf_view(&text), e) == -1) {
			(void)err_in(e, "--values");
			goto out;
		}
	}
	if (skip != NULL && skip_rules(*rules, skip, e) == -1)
		goto out;
	rc = 0;
out:
	buf_wipe(&text);
	return (rc);
}

/* A name of a file may hold anything: nothing of it reaches a terminal raw. */
static void
print_path(struct buf *out, const char *path)
{
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;

		if (c < 0x20 || c == 0x7f)
			buf_fmt(out, "\\x%02x", c);
		else
			buf_char(out, *path);
	}
}

static void
print_hit(const struct leak_tree *tree, const struct leak_hit *hit, struct buf *out)
{
	print_path(out, tree->files[hit->file].path);
	buf_fmt(out, ": %llu: %s", (unsigned long long)hit->at,
	    leak_rules_name(tree->rules, hit->rule));
	if (hit->value > 0)
		buf_fmt(out, " %llu", (unsigned long long)hit->value);
	if (hit->view[0] != '\0')
		buf_fmt(out, " (%s)", hit->view);
	buf_char(out, '\n');
}

struct totals {
	uint64_t read, seen, files, leaky, unread;
	double seconds;
};

static struct totals
add_up(const struct leak_tree *tree, int64_t start_ns)
{
	struct totals t = { .seconds = (double)(clock_mono_ns() - start_ns) / 1e9 };

	for (size_t i = 0; i < tree->file_count; i++) {
		t.read += tree->files[i].read;
		t.seen += tree->files[i].seen;
		t.files += tree->files[i].read > 0 || tree->files[i].problem[0] == '\0';
		t.leaky += tree->files[i].hits > 0;
		t.unread += tree->files[i].problem[0] != '\0';
	}
	return (t);
}

static void
print_counts(const struct leak_tree *tree, const struct totals *t, struct buf *out)
{
	char n[32], m[32];
	const char *glue = "    ";

	num_print_grouped(n, tree->total);
	num_print_grouped(m, t->leaky);
	if (tree->total == 0)
		buf_str(out, "leaks     none\n");
	else
		buf_fmt(out, "leaks     %s in %s file%s\n", n, m, t->leaky == 1 ? "" : "s");
	for (size_t i = 0; i < leak_rules_count(tree->rules); i++) {
		if (tree->by_rule[i] == 0)
			continue;
		num_print_grouped(n, tree->by_rule[i]);
		buf_fmt(out, "%s%s %s", glue, leak_rules_name(tree->rules, i), n);
		glue = ", ";
	}
	buf_str(out, tree->total > 0 ? "\n" : "");
	num_print_grouped(n, t->files);
	num_print_bytes(m, t->read);
	buf_fmt(out, "read      %s file%s, %s", n, t->files == 1 ? "" : "s", m);
	num_print_bytes(m, t->seen);
	if (t->seen != t->read)
		buf_fmt(out, ", %s of content", m);
	num_print_bytes(m, t->seconds > 0 ? (uint64_t)((double)t->seen / t->seconds) : 0);
	buf_fmt(out, " (%.2f s, %s/s)\n", t->seconds, m);
}

static void
print_text(const struct leak_tree *tree, const struct totals *t, struct buf *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < tree->hit_count; i++)
		print_hit(tree, &tree->hits[i], out);
	if (tree->hit_count < tree->total && tree->hit_count > 0)
		buf_fmt(out, "... and %llu more (--limit)\n",
		    (unsigned long long)(tree->total - tree->hit_count));
	if (tree->hit_count > 0)
		buf_char(out, '\n');
	print_counts(tree, t, out);
	for (size_t i = 0; i < tree->file_count; i++) {
		if (tree->files[i].problem[0] == '\0' || shown++ >= PROBLEMS_SHOWN)
			continue;
		buf_str(out, "not read  ");
		print_path(out, tree->files[i].path);
		buf_fmt(out, ": %s\n", tree->files[i].problem);
	}
	if (shown > PROBLEMS_SHOWN)
		buf_fmt(out, "not read  %zu more (--json lists all)\n", shown - PROBLEMS_SHOWN);
}

static void
print_findings_json(const struct leak_tree *tree, struct buf *out)
{
	json_key(out, "findings");
	buf_char(out, '[');
	for (size_t i = 0; i < tree->hit_count; i++) {
		const struct leak_hit *hit = &tree->hits[i];

		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "file", span_str(tree->files[hit->file].path));
		json_u64(out, "at", hit->at);
		json_str(out, "rule", span_str(leak_rules_name(tree->rules, hit->rule)));
		if (hit->value > 0)
			json_u64(out, "value", hit->value);
		if (hit->view[0] != '\0')
			json_str(out, "view", span_str(hit->view));
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void
print_json(const struct leak_tree *tree, const struct totals *t, struct buf *out)
{
	bool first = true;

	buf_char(out, '{');
	json_u64(out, "leaks", tree->total);
	json_u64(out, "files", t->files);
	json_u64(out, "files_with_leaks", t->leaky);
	json_u64(out, "bytes", t->read);
	json_u64(out, "content_bytes", t->seen);
	json_key(out, "by_rule");
	buf_char(out, '{');
	for (size_t i = 0; i < leak_rules_count(tree->rules); i++)
		if (tree->by_rule[i] > 0)
			json_u64(out, leak_rules_name(tree->rules, i), tree->by_rule[i]);
	buf_char(out, '}');
	print_findings_json(tree, out);
	json_key(out, "not_read");
	buf_char(out, '[');
	for (size_t i = 0; i < tree->file_count; i++) {
		if (tree->files[i].problem[0] == '\0')
			continue;
		buf_str(out, first ? "{" : ",{");
		json_str(out, "file", span_str(tree->files[i].path));
		json_str(out, "why", span_str(tree->files[i].problem));
		buf_char(out, '}');
		first = false;
	}
	buf_str(out, "]}\n");
}

static void
print_rules(const struct leak_rules *rules, bool json, struct buf *out)
{
	buf_str(out, json ? "[" : "");
	for (size_t i = 0; i < leak_rules_count(rules); i++) {
		if (!json) {
			buf_fmt(out, "%-14s %s\n", leak_rules_name(rules, i),
			    leak_rules_help(rules, i));
			continue;
		}
		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "name", span_str(leak_rules_name(rules, i)));
		json_str(out, "finds", span_str(leak_rules_help(rules, i)));
		buf_char(out, '}');
	}
	buf_str(out, json ? "]\n" : "");
}

static void
progress(void *arg, uint64_t done, uint64_t total)
{
	const int64_t *start_ns = arg;

	app_progress("scan", done, total, (double)(clock_mono_ns() - *start_ns) / 1e9);
}

static int
scan(const struct app_args *args, const struct leak_rules *rules, struct buf *out, struct err *e)
{
	int64_t start_ns = clock_mono_ns();
	uint64_t jobs = app_processors(64), limit = 100;
	struct leak_tree tree = { .rules = rules, .progress = progress, .progress_arg = &start_ns };
	struct totals t;
	int code = -1;

	if (app_arg_count(args, "jobs", 1, LEAK_JOBS_MAX, &jobs, e) == -1 ||
	    app_arg_count(args, "limit", 0, 1000000, &limit, e) == -1)
		return (-1);
	tree.jobs = (unsigned)jobs;
	tree.keep = (size_t)limit;
	if (leak_tree_scan(
		&tree, (const char *const *)args->operands, (size_t)args->operand_count, e) == 0) {
		app_progress_end();
		t = add_up(&tree, start_ns);
		(args->json ? print_json : print_text)(&tree, &t, out);
		code = tree.total > 0 ? ERR_FINDING : t.unread > 0 ? ERR_INCOMPLETE : 0;
	}
	leak_tree_free(&tree);
	return (code);
}

static int
run(const struct app_args *args)
{
	struct leak_rules *rules = NULL;
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code = -1;

	if (open_rules(args, &rules, &e) == 0) {
		if (app_arg(args, "list-rules") != NULL) {
			print_rules(rules, args->json, &out);
			code = 0;
		} else if (args->operand_count == 0) {
			(void)err_set(
			    &e, ERR_USAGE, "what shall be scanned? Give files or directories");
		} else {
			code = scan(args, rules, &out, &e);
		}
	}
	leak_rules_close(rules);
	if (code == -1) {
		buf_free(&out);
		return (app_fail("scan", &e));
	}
	return (app_finish("scan", &out, code));
}

const struct app_command app_command_scan = { "scan",
	"do files, stores, exports still give identifiers away", "PATH...", 0, -1, options,
	"Reads every byte below each PATH (- is standard input): logs, stores, bundles, "
	"databases,\n"
	"anything. Gzip and zstd are looked into, and what is percent-encoded, escaped, base64, "
	"hex,\n"
	"UTF-16 and so on is decoded, several times over. It has code of its own, none of which\n"
	"masks. A finding is file, offset, rule and how one has to decode, never the value: look "
	"with\n"
	"tail -c +OFFSET. In a compressed file the offset is that in its content.\n"
	"Symbolic links are not followed; devices, pipes and sockets are not opened.\n\n"
	"exit codes: 0 nothing found, 1 something found, 3 nothing found but not all could be "
	"read,\n"
	"66 no such path, 78 a rule is wrong\n\n"
	"examples:\n"
	"  cretula scan ./store\n"
	"  cretula scan --skip hexid,uuid /var/log/app /var/backups/app.sqlite\n"
	"  cretula mask --format auto < access.log | cretula scan -\n"
	"  pass show canaries | cretula scan --values - ./store /var/log\n"
	"  cretula scan --rules rules.txt --json ./export | jq .by_rule\n\n"
	"rules.txt:\n"
	"  # name, pattern; what it must and must not find\n"
	"  customer  \\bC-[0-9]{6}\\b\n"
	"  + see C-123456\n"
	"  - see C-12\n",
	run };
