#include "seal/entry.h"

#include "base/err.h"
#include "seal/entry/canonical.h"
#include "seal/entry/field.h"
#include "seal/lists.h"

struct reader {
	struct seal_entry *entry;
	const struct seal_names *names;
};

static void *
value(struct seal_entry *entry, const struct seal_field *f)
{
	return ((char *)entry + f->at);
}

static void
set_text(struct seal_entry *entry, const struct seal_field *f, struct span text)
{
	memcpy(value(entry, f), &text, sizeof(text));
}

static void
read_text(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	struct span text;

	if (f->form == SEAL_FORM_POLICY)
		text = seal_take_policy(r);
	else if (f->form == SEAL_FORM_ESCAPED)
		text = seal_take(r, f->key, JSON_STRING).text;
	else
		text = seal_take_text(r, f->key);
	if (r->why == NULL && !seal_form_ok(f->form, text))
		seal_refuse(r, f->key, "not of its form");
	if (f->has == SEAL_IF_GIVEN && text.len == 0)
		seal_refuse(r, f->key, "empty");
	set_text(reader->entry, f, text);
}

static void
read_epochs(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	struct json_value v = seal_take(r, f->key, JSON_OBJECT);

	if (r->why == NULL && !seal_epochs_ok(&v))
		seal_refuse(r, f->key, "not lists of epochs, each of one kind and sorted");
	set_text(reader->entry, f, r->why == NULL ? v.raw : span_of("", 0));
}

static void
read_ranges(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	struct json_value v = seal_take(r, f->key, JSON_ARRAY);

	if (r->why == NULL && (!seal_ranges_ok(&v) || (f->size > 0 && v.raw.len == 2)))
		seal_refuse(r, f->key, "not a list of runs");
	set_text(reader->entry, f, r->why == NULL ? v.raw : span_of("", 0));
}

static void
read_items(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	struct json_value v = seal_take(r, f->key, JSON_ARRAY);

	if (r->why == NULL && !seal_items_ok(&v))
		seal_refuse(r, f->key, "not a list of records");
	set_text(reader->entry, f, r->why == NULL ? v.raw : span_of("", 0));
}

static void
read_u64(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	uint64_t n = seal_take_u64(r, f->key);

	memcpy(value(reader->entry, f), &n, sizeof(n));
}

static void
read_bool(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	bool on = seal_take_bool(r, f->key);

	if (f->form == SEAL_FORM_FLAG && !on)
		seal_refuse(r, f->key, "false");
	*(bool *)value(reader->entry, f) = on;
}

static void
read_time(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	int64_t t_us = seal_take_time(r, f->key, 1000);

	memcpy(value(reader->entry, f), &t_us, sizeof(t_us));
}

static void
read_hex(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	seal_take_hex(r, f->key, value(reader->entry, f), f->size);
}

static void
read_base64(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	seal_take_base64(r, f->key, value(reader->entry, f), f->size);
}

static void
read_next(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	struct seal_entry *entry = reader->entry;

	entry->epoch = seal_take_u64(r, "epoch");
	entry->next = seal_take_text(r, "next");
	if (r->why == NULL && !seal_form_ok(f->form, entry->next))
		seal_refuse(r, "next", "not a vkey");
	entry->has_next = true;
}

static void
read_special(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	f->special->read(r, reader->names, reader->entry);
}

static void read_object(
    struct seal_taker *r, const struct reader *reader, const struct seal_field *f);

static bool
is_there(const struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	bool there = f->has == 0 || seal_take_is(r, f->key);

	if (f->has != 0 && f->has != SEAL_IF_GIVEN)
		*((bool *)reader->entry + f->has) = there;
	return (there);
}

static void
read_fields(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	static void (*const forms[])(
	    struct seal_taker *, const struct reader *, const struct seal_field *) = {
		[SEAL_FORM_BASE64] = read_base64,
		[SEAL_FORM_BOOL] = read_bool,
		[SEAL_FORM_EPOCHS] = read_epochs,
		[SEAL_FORM_ESCAPED] = read_text,
		[SEAL_FORM_FLAG] = read_bool,
		[SEAL_FORM_HEX] = read_hex,
		[SEAL_FORM_ITEMS] = read_items,
		[SEAL_FORM_NEXT] = read_next,
		[SEAL_FORM_OBJECT] = read_object,
		[SEAL_FORM_ORIGIN] = read_text,
		[SEAL_FORM_PATH] = read_text,
		[SEAL_FORM_PERIOD] = read_text,
		[SEAL_FORM_PLAIN] = read_text,
		[SEAL_FORM_POLICY] = read_text,
		[SEAL_FORM_RANGES] = read_ranges,
		[SEAL_FORM_SPECIAL] = read_special,
		[SEAL_FORM_STREAM] = read_text,
		[SEAL_FORM_TIME] = read_time,
		[SEAL_FORM_U64] = read_u64,
		[SEAL_FORM_VKEY] = read_text,
		[SEAL_FORM_WHAT] = read_text,
		[SEAL_FORM_WHICH] = read_text,
		[SEAL_FORM_WORD] = read_text,
	};

	for (; f->form != SEAL_FORM_END; f++)
		if (is_there(r, reader, f))
			forms[f->form](r, reader, f);
}

static void
read_object(struct seal_taker *r, const struct reader *reader, const struct seal_field *f)
{
	struct seal_taker in;

	seal_take_inner(r, f->key, &in);
	read_fields(&in, reader, f->inner);
	seal_take_outer(r, &in);
}

/* ---- the line ---- */

static void
read_unknown(const struct json_value *line, struct seal_entry *entry)
{
	entry->type = SEAL_UNKNOWN;
	entry->has_next =
	    json_get_u64(line, "epoch", &entry->epoch) && json_get_str(line, "next", &entry->next);
}

static void
read_members(struct seal_taker *r, const struct json_value *line, const struct seal_names *names,
    struct seal_entry *entry)
{
	const struct reader reader = { entry, names };
	unsigned type = 0;

	if (seal_take_u64(r, "v") != SEAL_VERSION)
		seal_refuse(r, "v", "not 1");
	entry->index = seal_take_u64(r, "i");
	entry->type_name = seal_take_text(r, "type");
	entry->t_us = seal_take_time(r, "t", 1000);
	seal_take_hex(r, "prev", entry->prev, sizeof(entry->prev));
	if (r->why != NULL)
		return;
	while (type < SEAL_UNKNOWN && !span_is(entry->type_name, seal_rows[type].name))
		type++;
	if (type == SEAL_UNKNOWN) {
		read_unknown(line, entry);
		return;
	}
	entry->type = (enum seal_type)type;
	read_fields(r, &reader, seal_rows[type].fields);
	seal_take_close(r);
}

int
seal_entry_read(
    struct span line, const struct seal_names *names, struct seal_entry *entry, struct err *e)
{
	struct json_value v;
	struct seal_taker r;

	memset(entry, 0, sizeof(*entry));
	if (line.len > SEAL_ENTRY_BYTES_MAX)
		return (err_set(e, ERR_FINDING, "entry: too long"));
	if (json_parse(line, &v, e) == -1) {
		if (e != NULL)
			e->code = ERR_FINDING;
		return (err_in(e, "entry"));
	}
	if (v.type != JSON_OBJECT)
		return (err_set(e, ERR_FINDING, "entry: not an object"));
	if (seal_canonical(line, &v, e) == -1)
		return (-1);
	seal_take_open(&r, &v);
	read_members(&r, &v, names, entry);
	if (r.why != NULL)
		return (err_set(e, ERR_FINDING, "entry: %s: %s", r.at, r.why));
	return (0);
}

/* By the place of its type alone: a line need not be a good entry for it. */
bool
seal_entry_kept(struct span line)
{
	static const char *const types[] = { "derive", "genesis", "recover", "rekey", "revoke",
		"stream" };
	struct span type = span_from(line, sizeof("{\"v\":1,") - 1);

	type = span_from(type, span_find(type, ',') + sizeof(",\"type\":\"") - 1);
	type.len = span_find(type, '"');
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (span_is(type, types[i]))
			return (true);
	return (false);
}
