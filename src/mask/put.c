/* mask: texts of the record at hand, and what stands for a class. */
#include "mask/inside.h"

/*
 * All of them ready made: a redaction never fails for want of memory.  They
 * are padded so that the encoder may copy them in one size.
 */
static const struct {
	char text[16 + RECORD_PLAIN_SLACK];
	size_t len;
} redactions[RECORD_CLASS_COUNT] = {
#define CLASS(id, name, prefix, method, epoch, help) \
	[RECORD_CLASS_##id] = { "[" name "]", sizeof("[" name "]") - 1 },
#include "record/class.def"
#undef CLASS
};

struct span
mask_redaction(enum record_class c)
{
	return (span_of(redactions[c].text, redactions[c].len));
}

char *
mask_take(struct mask *m, size_t len)
{
	char *taken = m->text + m->text_used;

	if (MASK_TEXT_BYTES - m->text_used < len)
		return (NULL);
	m->text_used += len;
	return (taken);
}

void
mask_set_text(struct mask *m, enum record_field f, struct span text)
{
	size_t len = text.len < RECORD_TEXT_MAX ? text.len : RECORD_TEXT_MAX;
	char *copy = mask_take(m, len);

	if (copy == NULL)
		return;
	memcpy(copy, text.ptr, len);
	record_set_text(&m->record, f, span_of(copy, len));
}

void
mask_set_redacted(struct mask *m, enum record_field f, enum record_class c)
{
	record_set_text(&m->record, f, mask_redaction(c));
}

__attribute__((cold)) void
mask_add_number(struct mask *m, const char *key, int64_t number)
{
	struct record *r = &m->record;
	struct record_extra *extra = &r->extra[r->extra_count];

	if (r->extra_count == RECORD_EXTRA_MAX)
		return;
	*extra = (struct record_extra){ .key = span_str(key), .number = number, .is_number = true };
	r->extra_count++;
	r->present |= UINT64_C(1) << RECORD_FIELD_EXTRA;
}
