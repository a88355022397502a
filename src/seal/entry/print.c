#include "seal/entry.h"

#include <assert.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "seal/entry/field.h"

void
seal_add_hex(struct buf *b, const char *key, const unsigned char *bytes, size_t len)
{
	json_key(b, key);
	buf_char(b, '"');
	buf_hex(b, bytes, len);
	buf_char(b, '"');
}

void
seal_add_time(struct buf *b, const char *key, int64_t t_us)
{
	char text[CLOCK_RFC3339_BYTES];
	size_t len = clock_rfc3339(text, t_us);

	json_str(b, key, span_of(text, len));
}

void
seal_add_object(struct buf *b, const char *key)
{
	json_key(b, key);
	buf_char(b, '{');
}

/* ---- a row ---- */

struct printer {
	const struct seal_entry *entry;
	const struct seal_names *names;
	struct buf *out;
	const char *wrong; /* key of a text that is not of its form */
};

static const void *
value(const struct printer *p, const struct seal_field *f)
{
	return ((const char *)p->entry + f->at);
}

static struct span
text_of(const struct printer *p, const struct seal_field *f)
{
	struct span text;

	memcpy(&text, value(p, f), sizeof(text));
	return (text);
}

static bool
is_there(const struct printer *p, const struct seal_field *f)
{
	if (f->has == 0)
		return (true);
	if (f->has == SEAL_IF_GIVEN)
		return (text_of(p, f).len > 0);
	return (*((const bool *)p->entry + f->has));
}

/* What stands between the quotes is what the text says. */
static void
print_text(struct printer *p, const struct seal_field *f)
{
	struct span text = text_of(p, f);

	if (p->wrong == NULL && !seal_form_ok(f->form, text))
		p->wrong = f->key;
	json_key(p->out, f->key);
	buf_str(p->out, f->form == SEAL_FORM_POLICY ? "\"sha256:" : "\"");
	buf_span(p->out, text);
	buf_char(p->out, '"');
}

static void
print_raw(struct printer *p, const struct seal_field *f)
{
	struct span text = text_of(p, f);

	json_key(p->out, f->key);
	buf_span(p->out, text.len == 0 ? span_of("[]", 2) : text);
}

/* No entry is written that a reader refuses. */
static void
print_epochs(struct printer *p, const struct seal_field *f)
{
	struct span text = text_of(p, f);

	json_key(p->out, f->key);
	if (text.len == 0)
		text = span_of("{}", 2);
	if (!seal_epochs_add(text, p->out) && p->wrong == NULL)
		p->wrong = f->key;
}

static void
print_u64(struct printer *p, const struct seal_field *f)
{
	uint64_t n;

	memcpy(&n, value(p, f), sizeof(n));
	json_u64(p->out, f->key, n);
}

static void
print_bool(struct printer *p, const struct seal_field *f)
{
	json_bool(p->out, f->key, *(const bool *)value(p, f));
}

static void
print_time(struct printer *p, const struct seal_field *f)
{
	int64_t t_us;

	memcpy(&t_us, value(p, f), sizeof(t_us));
	seal_add_time(p->out, f->key, t_us);
}

static void
print_hex(struct printer *p, const struct seal_field *f)
{
	seal_add_hex(p->out, f->key, value(p, f), f->size);
}

static void
print_base64(struct printer *p, const struct seal_field *f)
{
	json_key(p->out, f->key);
	buf_char(p->out, '"');
	buf_base64(p->out, value(p, f), f->size);
	buf_char(p->out, '"');
}

static void
print_next(struct printer *p, const struct seal_field *f)
{
	assert(p->entry->has_next);
	if (p->wrong == NULL && !seal_form_ok(f->form, p->entry->next))
		p->wrong = "next";
	json_u64(p->out, "epoch", p->entry->epoch);
	json_str(p->out, "next", p->entry->next);
}

static void
print_special(struct printer *p, const struct seal_field *f)
{
	f->special->print(p->out, p->entry, p->names);
}

static void print_object(struct printer *p, const struct seal_field *f);

/* Objects lie one in another as often as the table says: twice. */
static void
print_fields(struct printer *p, const struct seal_field *f)
{
	static void (*const forms[])(struct printer *, const struct seal_field *) = {
		[SEAL_FORM_BASE64] = print_base64,
		[SEAL_FORM_BOOL] = print_bool,
		[SEAL_FORM_EPOCHS] = print_epochs,
		[SEAL_FORM_ESCAPED] = print_text,
		[SEAL_FORM_FLAG] = print_bool,
		[SEAL_FORM_HEX] = print_hex,
		[SEAL_FORM_ITEMS] = print_raw,
		[SEAL_FORM_NEXT] = print_next,
		[SEAL_FORM_OBJECT] = print_object,
		[SEAL_FORM_ORIGIN] = print_text,
		[SEAL_FORM_PATH] = print_text,
		[SEAL_FORM_PERIOD] = print_text,
		[SEAL_FORM_PLAIN] = print_text,
		[SEAL_FORM_POLICY] = print_text,
		[SEAL_FORM_RANGES] = print_raw,
		[SEAL_FORM_SPECIAL] = print_special,
		[SEAL_FORM_STREAM] = print_text,
		[SEAL_FORM_TIME] = print_time,
		[SEAL_FORM_U64] = print_u64,
		[SEAL_FORM_VKEY] = print_text,
		[SEAL_FORM_WHAT] = print_text,
		[SEAL_FORM_WHICH] = print_text,
		[SEAL_FORM_WORD] = print_text,
	};

	for (; f->form != SEAL_FORM_END; f++)
		if (is_there(p, f))
			forms[f->form](p, f);
}

static void
print_object(struct printer *p, const struct seal_field *f)
{
	seal_add_object(p->out, f->key);
	print_fields(p, f->inner);
	buf_char(p->out, '}');
}

/* ---- the line ---- */

static int
print_line(struct printer *p, size_t start, struct err *e)
{
	const struct seal_entry *entry = p->entry;
	struct buf *out = p->out;

	buf_char(out, '{');
	json_u64(out, "v", SEAL_VERSION);
	json_u64(out, "i", entry->index);
	json_str(out, "type", span_str(seal_rows[entry->type].name));
	seal_add_time(out, "t", entry->t_us);
	seal_add_hex(out, "prev", entry->prev, sizeof(entry->prev));
	print_fields(p, seal_rows[entry->type].fields);
	buf_char(out, '}');
	if (!buf_ok(out))
		return (err_set(e, ERR_IO, "entry: out of memory"));
	if (out->len - start > SEAL_ENTRY_BYTES_MAX)
		return (err_set(e, ERR_IO, "entry: %zu bytes are more than %d", out->len - start,
		    SEAL_ENTRY_BYTES_MAX));
	if (p->wrong != NULL)
		return (err_set(e, ERR_USAGE, "entry: %s: not of its form", p->wrong));
	return (0);
}

int
seal_entry_print(
    const struct seal_entry *entry, const struct seal_names *names, struct buf *out, struct err *e)
{
	struct printer p = { .entry = entry, .names = names, .out = out };
	size_t start = out->len;

	assert(entry->type < SEAL_UNKNOWN);
	if (print_line(&p, start, e) == 0)
		return (0);
	out->len = start;
	return (-1);
}
