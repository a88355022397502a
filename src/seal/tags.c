#include "seal/tags.h"

#include "base/err.h"
#include "base/num.h"
#include "base/text.h"

/* ---- counts by name ---- */

#define AT(member) offsetof(struct stats_counts, member)

/* By name; what is zero is left out. */
static const struct {
	const char *name;
	size_t at;
} rows[] = {
	{ "bytes", AT(bytes) },
	{ "counted", AT(in.counted) },
	{ "joined", AT(joined) },
	{ "lines", AT(lines) },
	{ "lost", AT(lost) },
	{ "meta", AT(meta) },
	{ "parsed", AT(in.parsed) },
	{ "partial", AT(in.partial) },
	{ "replay.parsed", AT(replay.parsed) },
	{ "replay.partial", AT(replay.partial) },
	{ "replay.unparsed", AT(replay.unparsed) },
	{ "split.counted", AT(split.counted) },
	{ "split.parsed", AT(split.parsed) },
	{ "split.partial", AT(split.partial) },
	{ "split.unparsed", AT(split.unparsed) },
	{ "status.1xx", AT(status[1]) },
	{ "status.2xx", AT(status[2]) },
	{ "status.3xx", AT(status[3]) },
	{ "status.4xx", AT(status[4]) },
	{ "status.5xx", AT(status[5]) },
	{ "status.none", AT(status[0]) },
	{ "unparsed", AT(in.unparsed) },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* The i-th count there is, in the order of a line: rows, classes, reasons, causes. */
struct place {
	const char *before, *name;
	size_t at; /* in struct stats_counts */
};

static bool
place_of(size_t i, const struct seal_names *names, struct place *p)
{
	size_t classes = names->class_count, reasons = names->reason_count;

	classes = classes < STATS_CLASSES_MAX ? classes : STATS_CLASSES_MAX;
	reasons = reasons < STATS_REASONS_MAX ? reasons : STATS_REASONS_MAX;
	if (i < ROWS)
		*p = (struct place){ "", rows[i].name, rows[i].at };
	else if ((i -= ROWS) < classes)
		*p = (struct place){ "masked.", names->classes[i],
			AT(masked) + i * sizeof(uint64_t) };
	else if ((i -= classes) < reasons)
		*p = (struct place){ "reason.", names->reasons[i],
			AT(reasons) + i * sizeof(uint64_t) };
	else if ((i -= reasons) < STATS_CAUSE_COUNT)
		*p = (struct place){ "cause.", stats_cause_names[i],
			AT(causes) + i * sizeof(uint64_t) };
	else
		return (false);
	return (true);
}

static bool
is_place(struct span name, const struct place *p)
{
	struct span before = span_str(p->before);

	return (span_starts(name, before) && span_is(span_from(name, before.len), p->name));
}

/* ---- writing ---- */

void
seal_tag_print(const struct seal_tag *tag, struct buf *out)
{
	const uint64_t numbers[] = { tag->g, tag->seg, tag->n, tag->wall_ms };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		buf_u64(out, numbers[i]);
		buf_char(out, ' ');
	}
	buf_base64(out, tag->root, sizeof(tag->root));
}

/* Microseconds since 1970, which may be before: with a sign of its own. */
static void
print_time(const char *name, int64_t t_us, struct buf *out)
{
	buf_char(out, ' ');
	buf_str(out, name);
	buf_char(out, t_us < 0 ? '-' : '+');
	buf_u64(out, t_us < 0 ? 0 - (uint64_t)t_us : (uint64_t)t_us);
}

void
seal_state_print(const struct seal_state *state, const struct seal_names *names, struct buf *out)
{
	const struct stats_counts *c = &state->counts;
	struct place p;

	buf_u64(out, state->off);
	buf_char(out, ' ');
	buf_u64(out, state->untagged);
	if (c->time_min_us <= c->time_max_us) {
		print_time("min", c->time_min_us, out);
		print_time("max", c->time_max_us, out);
	}
	for (size_t i = 0; place_of(i, names, &p); i++) {
		uint64_t count;

		memcpy(&count, (const char *)c + p.at, sizeof(count));
		if (count == 0)
			continue;
		buf_char(out, ' ');
		buf_str(out, p.before);
		buf_str(out, p.name);
		buf_char(out, '=');
		buf_u64(out, count);
	}
	for (unsigned i = 0; i < state->source_count; i++) {
		const struct seal_source *s = &state->sources[i];

		buf_str(out, " @");
		buf_hex(out, s->fp, sizeof(s->fp));
		buf_char(out, ':');
		buf_u64(out, s->head);
		buf_char(out, ':');
		buf_u64(out, s->at);
		buf_str(out, s->end ? ":1" : ":0");
	}
}

/* ---- reading ---- */

/* Take a word off rest; words are parted by one blank.  false: none is left. */
static bool
take_word(struct span *rest, struct span *word)
{
	size_t len;

	if (rest->ptr == NULL)
		return (false);
	len = span_find(*rest, ' ');
	*word = span_of(rest->ptr, len);
	*rest = len == rest->len ? span_of(NULL, 0) : span_from(*rest, len + 1);
	return (true);
}

static bool
read_number(struct span word, uint64_t *n)
{
	if (word.len > 1 && word.ptr[0] == '0')
		return (false);
	return (num_u64(word, n) == 0);
}

static bool
take_number(struct span *rest, uint64_t *n)
{
	struct span word;

	return (take_word(rest, &word) && read_number(word, n));
}

int
seal_tag_read(struct span text, struct seal_tag *tag, struct err *e)
{
	struct span rest = text, word;
	size_t len;

	if (!take_number(&rest, &tag->g) || !take_number(&rest, &tag->seg) ||
	    !take_number(&rest, &tag->n) || !take_number(&rest, &tag->wall_ms))
		return (err_set(e, ERR_FINDING, "tag: not four numbers"));
	if (!take_word(&rest, &word) || rest.ptr != NULL ||
	    text_unbase64(word, tag->root, sizeof(tag->root), &len) == -1 ||
	    len != sizeof(tag->root))
		return (err_set(e, ERR_FINDING, "tag: no root at the end"));
	return (0);
}

static bool
read_time(struct span word, const char *name, int64_t *t_us)
{
	struct span sign = span_from(word, strlen(name));
	uint64_t n;

	if (!span_starts(word, span_str(name)) || sign.len < 2 ||
	    (sign.ptr[0] != '+' && sign.ptr[0] != '-') || !read_number(span_from(sign, 1), &n) ||
	    n > INT64_MAX || (sign.ptr[0] == '-' && n == 0))
		return (false);
	*t_us = sign.ptr[0] == '-' ? -(int64_t)n : (int64_t)n;
	return (true);
}

/* name=count, behind the places before *next.  An unknown name is refused: it is our own file. */
static bool
read_count(struct span word, const struct seal_names *names, size_t *next, struct stats_counts *c)
{
	size_t equals = span_find(word, '=');
	struct span name = span_of(word.ptr, equals);
	struct place p;
	uint64_t count;

	if (equals == word.len || !read_number(span_from(word, equals + 1), &count) || count == 0)
		return (false);
	while (place_of((*next)++, names, &p)) {
		if (!is_place(name, &p))
			continue;
		memcpy((char *)c + p.at, &count, sizeof(count));
		return (true);
	}
	return (false);
}

/* @fp:head:at:end */
static bool
read_source(struct span word, struct seal_source *source)
{
	struct span fp = span_from(word, 1), rest;
	size_t colon = span_find(fp, ':'), len;

	if (colon != 32 || text_unhex(span_of(fp.ptr, 32), source->fp, 16, &len) == -1)
		return (false);
	rest = span_from(fp, colon + 1);
	colon = span_find(rest, ':');
	if (colon == rest.len || !read_number(span_of(rest.ptr, colon), &source->head))
		return (false);
	rest = span_from(rest, colon + 1);
	colon = span_find(rest, ':');
	if (colon == rest.len || !read_number(span_of(rest.ptr, colon), &source->at))
		return (false);
	rest = span_from(rest, colon + 1);
	source->end = span_is(rest, "1");
	return (source->end || span_is(rest, "0"));
}

/* NULL, or what is wrong. */
static const char *
read_words(struct span rest, const struct seal_names *names, struct seal_state *state)
{
	struct stats_counts *c = &state->counts;
	struct span word = { NULL, 0 };
	bool more = take_word(&rest, &word);
	size_t next = 0;

	if (more && span_starts(word, span_str("min"))) {
		if (!read_time(word, "min", &c->time_min_us) || !take_word(&rest, &word) ||
		    !read_time(word, "max", &c->time_max_us) || c->time_min_us > c->time_max_us)
			return ("times");
		more = take_word(&rest, &word);
	}
	for (; more && (word.len == 0 || word.ptr[0] != '@'); more = take_word(&rest, &word))
		if (!read_count(word, names, &next, c))
			return ("a count");
	for (; more; more = take_word(&rest, &word)) {
		if (state->source_count == SEAL_SOURCES_MAX || !span_starts(word, span_str("@")) ||
		    !read_source(word, &state->sources[state->source_count]))
			return ("a source");
		state->source_count++;
	}
	return (NULL);
}

int
seal_state_read(
    struct span text, const struct seal_names *names, struct seal_state *state, struct err *e)
{
	struct span rest = text;
	const char *why = NULL;

	memset(state, 0, sizeof(*state));
	stats_counts_clear(&state->counts);
	if (!take_number(&rest, &state->off) || !take_number(&rest, &state->untagged))
		why = "no numbers in front";
	else
		why = read_words(rest, names, state);
	if (why != NULL)
		return (err_set(e, ERR_FINDING, "state: %s", why));
	return (0);
}

/* ---- a file ---- */

void
seal_tags_open(struct seal_tags *t, struct span file, bool open)
{
	*t = (struct seal_tags){ .rest = file, .open = open };
}

static const char *
read_line(struct seal_tags *t, struct span line)
{
	struct seal_tag before = t->tag;
	size_t tab = span_find(line, '\t');

	if (t->open != (tab < line.len))
		return (t->open ? "no state" : "something behind the tag");
	t->text = span_of(line.ptr, tab);
	t->state = span_from(line, tab + 1);
	if (seal_tag_read(t->text, &t->tag, NULL) == -1)
		return ("not a tag");
	if (t->line > 0 && (before.g == UINT64_MAX || t->tag.g != before.g + 1))
		return ("not the flush that follows");
	if (t->line > 0 && (t->tag.seg != before.seg || t->tag.n < before.n))
		return ("another segment, or fewer records");
	return (NULL);
}

int
seal_tags_next(struct seal_tags *t, struct err *e)
{
	size_t len = span_find(t->rest, '\n');
	const char *why;

	if (t->rest.len == 0)
		return (0);
	if (len == t->rest.len)
		why = "no LF at the end";
	else if (len >= SEAL_TAG_BYTES_MAX)
		why = "too long";
	else
		why = read_line(t, span_of(t->rest.ptr, len));
	t->line++;
	if (why != NULL)
		return (err_set(e, ERR_FINDING, "tags: line %ju: %s", (uintmax_t)t->line, why));
	t->rest = span_from(t->rest, len + 1);
	return (1);
}

void
seal_tags_strip(struct span open, struct buf *out)
{
	while (open.len > 0) {
		size_t len = span_find(open, '\n');
		struct span line = span_of(open.ptr, len);

		buf_span(out, span_of(line.ptr, span_find(line, '\t')));
		buf_char(out, '\n');
		open = span_from(open, len + 1);
	}
}
