#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mask/words.h"
#include "mask/words/inside.h"

const char *const mask_words_class_names[MASK_WORD_CLASS_COUNT] = { "path", "param", "host" };

static int
find_class(struct span name)
{
	for (int i = 0; i < MASK_WORD_CLASS_COUNT; i++)
		if (span_is(name, mask_words_class_names[i]))
			return (i);
	return (-1);
}

/* The part of *rest in front of c, which is taken off, too. */
static struct span
part(struct span *rest, char c)
{
	size_t len = span_find(*rest, c);
	struct span first = span_of(rest->ptr, len);

	*rest = span_from(*rest, len + 1);
	return (first);
}

/* The next line; without its CR. */
static struct span
line_of(struct span *rest)
{
	struct span line = part(rest, '\n');

	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return (line);
}

/*
 * Roots: "/" for paths, "?" for parameters, "." for hosts.  Values of a
 * parameter lie below "?name".
 */
bool
mask_words_position(
    const struct mask_words *w, enum mask_word_class c, struct span text, uint64_t *position)
{
	static const char roots[MASK_WORD_CLASS_COUNT] = { '/', '?', '.' };
	uint64_t at = mask_words_root(w, c);

	if (text.len == 0 || (c != MASK_WORD_HOST && text.ptr[0] != roots[c]))
		return (false);
	if (c == MASK_WORD_PARAM && text.len > 1)
		at = mask_words_child(w, at, span_from(text, 1));
	if (c == MASK_WORD_HOST && !span_is(text, "."))
		at = mask_words_child(w, at, text);
	if (c == MASK_WORD_PATH) {
		struct span rest = span_from(text, 1);

		while (rest.len > 0)
			at = mask_words_child(w, at, part(&rest, '/'));
	}
	*position = at;
	return (true);
}

static int
insert(struct mask_words *w, uint64_t key, struct err *e)
{
	if (!mask_words_insert(w, key, 0))
		return (err_set(e, ERR_CONFIG, "more than %u words", WORDS_SLOTS / 4 * 3));
	return (0);
}

/* What stands behind a word of one position. */
struct tail {
	struct span since; /* empty: unknown */
	bool added;
};

/* A word of one position was promoted once: mask_words_save prints it again. */
static int
load_at(struct mask_words *w, enum mask_word_class c, struct span place, struct span word,
    const struct tail *tail, struct err *e)
{
	uint64_t position, key;

	if (!mask_words_position(w, c, place, &position))
		return (err_set(e, ERR_CONFIG, "no position of a %s", mask_words_class_names[c]));
	key = mask_words_key(w, c, position, word);
	if (mask_words_has(w, key, UINT64_MAX))
		return (0);
	if (!mask_words_enter(w, c, place, word, tail->since.len > 0 ? tail->since.ptr : NULL))
		return (err_set(e, ERR_CONFIG, "more than %u promoted words", WORDS_MAX));
	w->entries[w->entry_count - 1].added = tail->added;
	return (insert(w, key, e));
}

static bool
is_day(struct span text)
{
	if (text.len != MASK_WORDS_SINCE_BYTES)
		return (false);
	for (size_t i = 0; i < text.len; i++)
		if (i == 4 || i == 7 ? text.ptr[i] != '-' :
				       text.ptr[i] < '0' || text.ptr[i] > '9')
			return (false);
	return (true);
}

static int
read_tail(struct span rest, struct tail *tail, struct err *e)
{
	*tail = (struct tail){ .since = part(&rest, '\t') };
	if (tail->since.len > 0 && !is_day(tail->since))
		return (err_set(e, ERR_CONFIG, "no day"));
	tail->added = span_is(rest, "added");
	if (rest.len > 0 && !tail->added)
		return (err_set(e, ERR_CONFIG, "something behind the day"));
	return (0);
}

static int
load_anywhere(struct mask_words *w, enum mask_word_class c, struct span word, struct err *e)
{
	if (word.len == 0 || word.len > MASK_WORDS_WORD_BYTES)
		return (err_set(e, ERR_CONFIG, "no word, or a too long one"));
	return (insert(w, mask_words_anywhere(w, c, word), e));
}

static int
load_line(struct mask_words *w, struct span line, struct err *e)
{
	struct span rest = line, first, second, word;
	struct tail tail;
	bool anywhere;
	int c;

	if (line.len == 0 || line.ptr[0] == '#')
		return (0);
	first = part(&rest, '\t');
	if (first.len == line.len)
		return (err_set(e, ERR_CONFIG, "no tab"));
	if (span_is(first, "forgotten"))
		return (mask_words_load_mark(w, rest, e));
	w->closed = w->closed || span_is(first, "closed");
	if ((c = find_class(first)) == -1)
		return (0);
	second = part(&rest, '\t');
	anywhere = first.len + 1 + second.len == line.len;
	word = part(&rest, '\t');
	if (read_tail(rest, &tail, e) == -1)
		return (-1);
	if (second.len > MASK_WORDS_POSITION_BYTES || word.len > MASK_WORDS_WORD_BYTES)
		return (err_set(e, ERR_CONFIG, "too long"));
	if (anywhere)
		return (load_anywhere(w, (enum mask_word_class)c, second, e));
	if (word.len == 0)
		return (err_set(e, ERR_CONFIG, "no word"));
	return (load_at(w, (enum mask_word_class)c, second, word, &tail, e));
}

int
mask_words_load(struct mask_words *words, struct span text, const char *name, struct err *e)
{
	struct span rest = text;

	for (size_t number = 1; rest.len > 0; number++)
		if (load_line(words, line_of(&rest), e) == -1)
			return (err_in(e, "%s:%zu", name, number));
	mask_words_deny_common(words);
	return (0);
}

/* ":id", "*", "{id}", also "{name}.json" and "{a}-{b}". */
static bool
is_variable(struct span segment)
{
	return (segment.ptr[0] == ':' || segment.ptr[0] == '*' ||
	    span_find(segment, '{') < segment.len);
}

int
mask_words_route(struct span route, mask_words_fn fn, void *arg, struct err *e)
{
	char place[MASK_WORDS_POSITION_BYTES];
	struct span rest = span_from(route, 1);
	size_t len = 0;

	if (route.len == 0 || route.ptr[0] != '/')
		return (err_set(e, ERR_CONFIG, "a route starts with '/'"));
	if (route.len > sizeof(place))
		return (err_set(e, ERR_CONFIG, "too long"));
	rest.len = span_find(rest, '?'); /* some write a query behind it */
	while (rest.len > 0) {
		struct span segment = part(&rest, '/');

		if (segment.len == 0)
			continue;
		if (is_variable(segment))
			segment = span_of("*", 1);
		else if (segment.len > MASK_WORDS_WORD_BYTES)
			return (err_set(e, ERR_CONFIG, "too long"));
		else if (fn(arg, MASK_WORD_PATH, len == 0 ? span_of("/", 1) : span_of(place, len),
			     segment, e) == -1)
			return (-1);
		place[len++] = '/';
		memcpy(place + len, segment.ptr, segment.len);
		len += segment.len;
	}
	return (0);
}

int
mask_words_routes(struct span text, const char *name, mask_words_fn fn, void *arg, struct err *e)
{
	struct span rest = text;

	for (size_t number = 1; rest.len > 0; number++) {
		struct span line = line_of(&rest);

		if (line.len > 0 && line.ptr[0] != '#' && mask_words_route(line, fn, arg, e) == -1)
			return (err_in(e, "%s:%zu", name, number));
	}
	return (0);
}

int
mask_words_configure(void *arg, enum mask_word_class c, struct span position, struct span word,
    struct err *e)
{
	struct mask_words *w = arg;
	uint64_t at;

	if (!mask_words_position(w, c, position, &at))
		return (err_set(e, ERR_CONFIG, "no position of a %s", mask_words_class_names[c]));
	if (mask_words_is_forgotten(w, c, position, word))
		return (0);
	return (insert(w, mask_words_key(w, c, at, word), e));
}

/* ---- saving ---- */

static int
compare_entries(const void *one, const void *two, void *words)
{
	const struct mask_words *w = words;
	const struct words_entry *a = &w->entries[*(const uint32_t *)one];
	const struct words_entry *b = &w->entries[*(const uint32_t *)two];
	int order =
	    strcmp(mask_words_class_names[a->class_id], mask_words_class_names[b->class_id]);

	if (order == 0)
		order = span_order(words_entry_parent(w, a), words_entry_parent(w, b));
	return (order != 0 ? order : span_order(words_entry_word(w, a), words_entry_word(w, b)));
}

void
mask_words_save(const struct mask_words *words, struct buf *out)
{
	uint32_t *order = malloc((words->entry_count + 1) * sizeof(*order));

	if (order == NULL) {
		out->broken = true;
		return;
	}
	if (words->closed)
		buf_str(out, "closed\tmarks\n");
	/* "forgotten" stands in front of "host" and the others. */
	for (size_t i = 0; i < words->forgotten_count; i++) {
		buf_str(out, "forgotten\t");
		buf_hex(out, words->forgotten[i], sizeof(words->forgotten[i]));
		buf_char(out, '\n');
	}
	for (size_t i = 0; i < words->entry_count; i++)
		order[i] = (uint32_t)i;
	/* The comparison only reads; qsort_r has no const. */
	qsort_r(
	    order, words->entry_count, sizeof(*order), compare_entries, (void *)(uintptr_t)words);
	for (size_t i = 0; i < words->entry_count; i++) {
		const struct words_entry *entry = &words->entries[order[i]];

		buf_str(out, mask_words_class_names[entry->class_id]);
		buf_char(out, '\t');
		buf_span(out, words_entry_parent(words, entry));
		buf_char(out, '\t');
		buf_span(out, words_entry_word(words, entry));
		if (entry->since[0] != '\0' || entry->added)
			buf_char(out, '\t');
		if (entry->since[0] != '\0')
			buf_add(out, entry->since, sizeof(entry->since));
		if (entry->added)
			buf_str(out, "\tadded");
		buf_char(out, '\n');
	}
	free(order);
}
