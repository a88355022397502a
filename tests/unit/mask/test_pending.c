/* MACs that wait: what is thrown away is not written, whatever was computed meanwhile. */
#include <string.h>

#include "bed.h"

#define TOKEN 16

static void
add(struct mask *m, char *out)
{
	static const struct crypto_hmac_key key = { { 1 }, { 2 } };
	unsigned char *block = mask_pending_add(m, &key, out);

	memcpy(block, "value", 5);
	crypto_hmac_pad(block, 5);
	mask_pending_added(m);
}

static void
test_a_text_is_dropped(void **state)
{
	static char kept[MASK_PENDING_MAX][TOKEN + 8], gone[3 * TOKEN];
	struct mask *m = calloc(1, sizeof(*m));

	(void)state;
	assert_non_null(m);
	/* Up to both sides of the room that there is: then those before are computed. */
	for (unsigned before = 0; before <= MASK_PENDING_MAX; before++)
		for (unsigned count = 0; count <= 3; count++) {
			m->pending.open = true;
			for (unsigned i = 0; i < before; i++)
				add(m, kept[i]);
			for (unsigned i = 0; i < count; i++)
				add(m, gone + (size_t)i * TOKEN);
			mask_pending_drop_text(m, span_of(gone, sizeof(gone)));
			memset(gone, 'x', sizeof(gone)); /* it is another text now */
			mask_pending_finish(m);
			for (size_t i = 0; i < sizeof(gone); i++)
				if (gone[i] != 'x')
					fail_msg("%u and %u: byte %zu", before, count, i);
			for (unsigned i = 0; i < before; i++)
				if (memchr(kept[i], '.', TOKEN) != NULL)
					fail_msg("%u and %u: token %u", before, count, i);
		}
	free(m);
}

/* The record of an event with these two, encoded, with its tokens. */
static const char *
both(struct bed *bed, const char *target, const char *object)
{
	static char line[RECORD_BYTES_MAX + 1];
	static struct event ev;
	struct mask *m = bed->mask;

	m->batch = &bed->batch;
	m->text_used = m->shown.count = 0;
	m->pending.open = true;
	record_clear(&m->record);
	mask_line_epochs(m, BED_NOW_US);
	memset(&ev, 0, sizeof(ev));
	ev.text[EVENT_CLIENT] = span_str("192.0.2.7");
	ev.text[EVENT_TARGET] = span_str(target);
	ev.text[EVENT_OBJECT] = span_str(object);
	ev.has_text =
	    UINT32_C(1) << EVENT_CLIENT | UINT32_C(1) << EVENT_TARGET | UINT32_C(1) << EVENT_OBJECT;
	m->at = &m->lines[0];
	mask_event_ahead(m, &ev);
	mask_event(m, &ev, false);
	line[record_encode(&m->encoder, &m->record, line)] = '\0';
	assert_true(mask_pending_move(m));
	mask_pending_finish(m);
	assert_null(strstr(line, ".........."));
	return (line);
}

/* Does line have the same text in path and object, or with_path in path? */
static void
assert_path(const char *line, const char *with_path)
{
	const char *path = strstr(line, "\"path\":\"") + 8, *object = strstr(line, "\"object\":\"") + 10;

	if (with_path != NULL)
		object = strstr(with_path, "\"path\":\"") + 8;
	assert_int_equal(strcspn(path + 1, "\""), strcspn(object + 1, "\""));
	assert_memory_equal(path, object, strcspn(path + 1, "\""));
}

/* Which entry of the table is it? */
static uint64_t
entry_of(struct mask *m, const char *path)
{
	m->at = &m->lines[1];
	mask_render_path_ahead(m, MASK_RENDER_PATH, span_str(path), 0);
	return (m->at->ahead[MASK_RENDER_PATH].key[0] & (MASK_RENDERS - 1));
}

static void
test_two_fields_of_one_entry(void **state)
{
	static struct bed bed;

	bed_open(&bed, NULL);
	for (int i = 0; i < 4; i++) /* anew, kept, then twice out of the table */
		assert_path(both(&bed, "/laden/erika/muster", "/laden/erika/muster"), NULL);
	bed_close(&bed);
	(void)state;
}

/* What the record at hand points to gives way to no other text of that record. */
static void
test_an_entry_that_is_shown_stays(void **state)
{
	static struct bed bed;
	static char first[RECORD_BYTES_MAX + 1];
	char other[64];
	uint64_t want;

	bed_open(&bed, NULL);
	for (int i = 0; i < 3; i++)
		strcpy(first, both(&bed, "/laden/erika/muster", "-"));
	want = entry_of(bed.mask, "/laden/erika/muster");
	for (unsigned n = 0; n == 0 || entry_of(bed.mask, other) != want; n++)
		(void)snprintf(other, sizeof(other), "/laden/anna-%c%c/%u/x", 'a' + n % 26,
		    'a' + n / 26 % 26, n);
	(void)both(&bed, other, "-");
	(void)both(&bed, "/laden/erika/muster", "-");
	assert_path(both(&bed, "/laden/erika/muster", other), first);
	assert_path(both(&bed, "/laden/erika/muster", other), first);
	bed_close(&bed);
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_text_is_dropped),
		cmocka_unit_test(test_two_fields_of_one_entry),
		cmocka_unit_test(test_an_entry_that_is_shown_stays) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
