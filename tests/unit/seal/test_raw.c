/* seal: where lines lay unmasked, as entries say it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "seal/raw.h"

/* A word is a config of kind raw-at-rest; "+import" and "+live" segments, "?" another config. */
static void
take(struct seal_raw *raw, const char *word)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));

	assert_non_null(entry);
	entry->type = word[0] == '+' ? SEAL_SEGMENT : SEAL_CONFIG;
	if (word[0] == '+') {
		entry->of.segment.source_count = 1;
		entry->of.segment.has_tags = strcmp(word, "+live") == 0;
	} else {
		entry->of.config.kind = span_str(word[0] == '?' ? "words" : SEAL_RAW_KIND);
		entry->of.config.text = span_str(word);
	}
	seal_raw_take(raw, entry);
	free(entry);
}

static void
test_what_entries_say(void **state)
{
	static const struct {
		const char *entries[6], *words, *now;
	} rows[] = {
		{ { NULL }, "", "" },
		{ { "none" }, "", "none" },
		{ { "disk", "none" }, "disk", "none" },
		{ { "disk", "tmpfs", "disk" }, "disk,tmpfs", "disk" },
		{ { "+import", "+import", "node" }, "import,node", "node" },
		{ { "+live", "?disk" }, "", "" },
		{ { "a,b", "\"x", "A", "", "longerthanawordis" }, "other", "other" },
		{ { "disk", "is", "dis" }, "disk,is,dis", "dis" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_raw raw = { .words = "" };

		for (size_t k = 0; k < 6 && rows[i].entries[k] != NULL; k++)
			take(&raw, rows[i].entries[k]);
		assert_string_equal(raw.words, rows[i].words);
		assert_string_equal(raw.now, rows[i].now);
	}
}

/* Whoever writes a chain may write many words: no more than there is room for. */
static void
test_many_words(void **state)
{
	struct seal_raw raw = { .words = "" };
	char word[3] = "aa";

	(void)state;
	for (int i = 0; i < 26 * 26; i++) {
		word[0] = (char)('a' + i / 26);
		word[1] = (char)('a' + i % 26);
		take(&raw, word);
	}
	assert_true(strlen(raw.words) < SEAL_RAW_BYTES);
	assert_memory_equal(raw.words, "aa,ab,ac", 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_entries_say),
		cmocka_unit_test(test_many_words),
	};

	return (cmocka_run_group_tests_name("where lines lay raw", tests, NULL, NULL));
}
