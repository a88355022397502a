#include "mask/method/fields.h"

#include "mask/inside.h"

#define BIT(f) (UINT64_C(1) << (f))
#define AGENT_FIELDS \
	(BIT(RECORD_FIELD_AGENT) | BIT(RECORD_FIELD_AGENT_MAJOR) | BIT(RECORD_FIELD_OS) | \
	    BIT(RECORD_FIELD_DEVICE) | BIT(RECORD_FIELD_BOT))

static void
drop(struct record *r, uint64_t fields)
{
	r->present &= ~fields;
	if ((fields & BIT(RECORD_FIELD_FORWARDED)) != 0)
		r->forwarded_count = 0;
	if ((fields & BIT(RECORD_FIELD_EXTRA)) != 0)
		r->extra_count = 0;
	/* They are written one by one then. */
	if ((fields & AGENT_FIELDS) != 0)
		r->agent.len = 0;
}

static void
redact(struct record *r, uint64_t fields)
{
	for (; fields != 0; fields &= fields - 1) {
		enum record_field f = (enum record_field)__builtin_ctzll(fields);
		struct span text = mask_redaction(record_fields[f].class_id);

		if (record_fields[f].type == RECORD_TEXT)
			record_set_text(r, f, text);
		else /* their number stays */
			for (unsigned i = 0; i < r->forwarded_count; i++)
				r->forwarded[i] = text;
	}
}

void
mask_fields_take(const struct mask_policy *p, struct record *r)
{
	if ((p->field_drop & r->present) != 0)
		drop(r, p->field_drop & r->present);
	if ((p->field_redact & r->present) != 0)
		redact(r, p->field_redact & r->present);
}
