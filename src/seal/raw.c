#include "seal/raw.h"

#include <string.h>

/* What somebody else's writer says may be any text: a word stands for itself, all else is other. */
static struct span
word_of(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 'a' || text.ptr[i] > 'z')
			return (span_str("other"));
	return (text.len == 0 || text.len > 12 ? span_str("other") : text);
}

/* One word more, once; no more than there is room for. */
static void
add(struct seal_raw *raw, struct span word)
{
	struct span rest = span_str(raw->words);
	size_t used = rest.len;

	while (rest.len > 0) {
		size_t len = span_find(rest, ',');

		if (span_equal(span_of(rest.ptr, len), word))
			return;
		rest = span_from(rest, len < rest.len ? len + 1 : len);
	}
	if (used + word.len + 2 > sizeof(raw->words))
		return;
	if (used > 0)
		raw->words[used++] = ',';
	memcpy(raw->words + used, word.ptr, word.len);
	raw->words[used + word.len] = '\0';
}

void
seal_raw_take(struct seal_raw *raw, const struct seal_entry *entry)
{
	const struct seal_config *config = &entry->of.config;

	if (entry->type == SEAL_SEGMENT && entry->of.segment.source_count > 0 &&
	    !entry->of.segment.has_tags)
		add(raw, span_str("import"));
	if (entry->type == SEAL_CONFIG && span_is(config->kind, SEAL_RAW_KIND)) {
		struct span word = word_of(config->text);

		memcpy(raw->now, word.ptr, word.len);
		raw->now[word.len] = '\0';
		if (!span_is(word, "none"))
			add(raw, word);
	}
}
