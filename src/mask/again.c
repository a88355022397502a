#include "mask/again.h"

#include "base/err.h"
#include "base/num.h"
#include "detect/canon.h"
#include "detect/detect.h"
#include "mask/method/seal.h"
#include "mask/url/out.h"

#define TOKEN_CHARS 16
#define BIT(field) (UINT64_C(1) << (field))

/* The text at hand, cut into pieces. */
struct look {
	struct mask_again *a;
	struct record *r;
	const char *delimiters;
	bool is_query;
	struct mask_out out;
	bool changed;
};

uint64_t
mask_again_fields(void)
{
	uint64_t fields = 0;

	for (unsigned f = 0; f < RECORD_FIELD_COUNT; f++) {
		enum record_type type = record_fields[f].type;

		if (type == RECORD_TEXT || type == RECORD_LIST || type == RECORD_EXTRA)
			fields |= BIT(f);
	}
	return (fields &
	    ~(BIT(RECORD_FIELD_SERVER) | BIT(RECORD_FIELD_UPSTREAM) | BIT(RECORD_FIELD_STATE)));
}

int
mask_again_read(const char *names, uint64_t *fields, struct err *e)
{
	const uint64_t kept =
	    BIT(RECORD_FIELD_TIME) | BIT(RECORD_FIELD_STATE) | BIT(RECORD_FIELD_FLAGS);
	struct span rest = span_str(names);
	uint64_t found = 0;

	do {
		size_t len = span_find(rest, ',');
		int field = record_field_by_name(span_of(rest.ptr, len));

		if (field == -1)
			return (err_set(e, ERR_USAGE, "'%.*s' is no field: cretula help fields",
			    (int)(len < 64 ? len : 64), rest.ptr));
		if ((kept & BIT(field)) != 0)
			return (err_set(
			    e, ERR_USAGE, "every record keeps its %s", record_fields[field].name));
		found |= BIT(field);
		rest = len == rest.len ? span_of(NULL, 0) : span_from(rest, len + 1);
	} while (rest.ptr != NULL);
	*fields = found;
	return (0);
}

/* ---- what stands there by our own hand ---- */

static bool
is_alnum(char c)
{
	return ((unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10);
}

/* "sg.abcdefghij234567" at the front, and nothing that goes on behind. */
static size_t
token_at(struct span text)
{
	size_t len;

	for (unsigned i = 0; i < RECORD_CLASS_COUNT; i++) {
		struct span prefix = span_str(record_classes[i].prefix);

		if (prefix.len == 0 || !span_starts(text, prefix) ||
		    text.len < prefix.len + 1 + TOKEN_CHARS || text.ptr[prefix.len] != '.')
			continue;
		for (len = prefix.len + 1; len < text.len && is_alnum(text.ptr[len]); len++)
			if (text.ptr[len] < 'a' && (text.ptr[len] < '2' || text.ptr[len] > '7'))
				return (0); /* no base32 */
		return (len == prefix.len + 1 + TOKEN_CHARS ? len : 0);
	}
	return (0);
}

/* "{int}" or "[ip.fwd]" at the front of text, which is not empty. */
static size_t
mark_at(struct span text)
{
	char close;
	size_t len = 1;

	if (text.ptr[0] != '{' && text.ptr[0] != '[')
		return (0);
	close = text.ptr[0] == '{' ? '}' : ']';
	while (len < text.len &&
	    ((text.ptr[len] >= 'a' && text.ptr[len] <= 'z') || text.ptr[len] == '.' ||
		text.ptr[len] == '6'))
		len++; /* base64 is a shape */
	return (len > 1 && len < text.len && text.ptr[len] == close ? len + 1 : 0);
}

/* ---- pieces ---- */

static void
put_class(struct look *k, enum record_class c)
{
	mask_out_char(&k->out, '[');
	mask_out_add(&k->out, span_str(record_classes[c].name));
	mask_out_char(&k->out, ']');
	k->changed = true;
	if (c == RECORD_CLASS_CREDENTIAL || c == RECORD_CLASS_PAN)
		record_set_flag(k->r, RECORD_FLAG_SECRET_FOUND);
}

static enum record_class
look_at(struct look *k, struct span piece)
{
	struct span canon = piece;

	if (detect_canon(piece, k->is_query, k->a->canon, sizeof(k->a->canon), &canon) ==
	    DETECT_CANON_UNSETTLED)
		return (RECORD_CLASS_UNKNOWN);
	return (detect_class(canon));
}

/* What a value is by the name in front of it. */
static enum record_class
named(struct span name)
{
	if (detect_name_is_secret(name))
		return (RECORD_CLASS_CREDENTIAL);
	if (detect_name_is_session(name))
		return (RECORD_CLASS_SESSION);
	if (detect_name_is_tracking(name))
		return (RECORD_CLASS_TRACKING);
	return (RECORD_CLASS_NONE);
}

static void
put_piece(struct look *k, struct span piece, enum record_class by_name)
{
	enum record_class c;

	if (piece.len == 0)
		return;
	c = by_name != RECORD_CLASS_NONE ? by_name : look_at(k, piece);
	if (c == RECORD_CLASS_NONE)
		mask_out_add(&k->out, piece);
	else
		put_class(k, c);
}

static bool
is_delimiter(const struct look *k, char c)
{
	return (c != '\0' && strchr(k->delimiters, c) != NULL);
}

/* Delimiters, tokens and marks go through; what lies between is looked at. */
static void
walk(struct look *k, struct span text)
{
	enum record_class by_name = RECORD_CLASS_NONE;
	size_t start = 0, name = 0, i = 0;

	while (i < text.len) {
		struct span rest = span_from(text, i);
		bool border = i == 0 || !is_alnum(text.ptr[i - 1]);
		size_t own = border ? token_at(rest) + mark_at(rest) + mask_sealed_at(rest) : 0;

		if (own == 0 && !is_delimiter(k, text.ptr[i])) {
			i++;
			continue;
		}
		put_piece(k, span_of(text.ptr + start, i - start), by_name);
		if (own == 0) {
			by_name = k->is_query && text.ptr[i] == '=' ?
			    named(span_of(text.ptr + name, i - name)) :
			    RECORD_CLASS_NONE;
			own = 1;
			name = i + 1;
		}
		mask_out_add(&k->out, span_of(text.ptr + i, own));
		start = i += own;
	}
	put_piece(k, span_of(text.ptr + start, i - start), by_name);
}

static const char *
delimiters_of(enum record_field f)
{
	switch (f) {
	case RECORD_FIELD_PATH:
	case RECORD_FIELD_OBJECT:
	case RECORD_FIELD_REFERER: return ("/?&=;");
	case RECORD_FIELD_QUERY: return ("&=;");
	default: return (" ");
	}
}

/* text, or what is left of it. */
static struct span
look_through(
    struct mask_again *a, struct record *r, enum record_field f, struct span text, bool *changed)
{
	size_t room = sizeof(a->text) - a->used;
	struct look k = { .a = a,
		.r = r,
		.delimiters = delimiters_of(f),
		.is_query = f == RECORD_FIELD_QUERY,
		.out = { a->text + a->used, 0, room < RECORD_TEXT_MAX ? room : RECORD_TEXT_MAX } };

	walk(&k, text);
	*changed = k.changed;
	if (!k.changed)
		return (text);
	a->used += k.out.len;
	return (span_of(k.out.text, k.out.len));
}

/* ---- fields ---- */

static void
drop(struct record *r, enum record_field f)
{
	r->present &= ~BIT(f);
	if (f == RECORD_FIELD_FORWARDED)
		r->forwarded_count = 0;
	if (f == RECORD_FIELD_EXTRA)
		r->extra_count = 0;
}

static bool
look_at_field(struct mask_again *a, struct record *r, enum record_field f)
{
	bool any = false, changed;

	switch (record_fields[f].type) {
	case RECORD_TEXT: r->text[f] = look_through(a, r, f, r->text[f], &any); break;
	case RECORD_LIST:
		for (unsigned i = 0; i < r->forwarded_count; i++, any |= changed)
			r->forwarded[i] = look_through(a, r, f, r->forwarded[i], &changed);
		break;
	case RECORD_EXTRA:
		for (unsigned i = 0; i < r->extra_count; i++, any |= changed) {
			changed = false;
			if (!r->extra[i].is_number)
				r->extra[i].text =
				    look_through(a, r, f, r->extra[i].text, &changed);
		}
		break;
	default: break;
	}
	return (any);
}

/* "line", "line2" ... "line11": one more than mask_hold_line writes would be somebody else's. */
static bool
is_line_name(struct span key)
{
	const struct span head = span_str("line");
	struct span digits = span_from(key, head.len);
	uint64_t number;

	if (!span_starts(key, head))
		return (false);
	return (digits.len == 0 ||
	    (digits.len <= 2 && num_u64(digits, &number) == 0 && number <= MASK_HELD_MAX));
}

static bool
is_held(const struct record_extra *x)
{
	return (!x->is_number && is_line_name(x->key) && x->text.len > 0 &&
	    mask_sealed_at(x->text) == x->text.len);
}

/* What says how long it was stays, and which part. */
static bool
drop_line(struct record *r)
{
	uint8_t kept = 0;
	bool any;

	if (!record_has(r, RECORD_FIELD_STATE) || !span_is(r->text[RECORD_FIELD_STATE], "unparsed"))
		return (false);
	for (unsigned i = 0; i < r->extra_count; i++)
		if (!is_held(&r->extra[i]))
			r->extra[kept++] = r->extra[i];
	any = kept < r->extra_count;
	r->extra_count = kept;
	if (kept == 0)
		r->present &= ~BIT(RECORD_FIELD_EXTRA);
	return (any);
}

uint64_t
mask_again(struct mask_again *a, struct record *r)
{
	uint64_t changed = 0;

	a->used = 0;
	if (a->lines && drop_line(r))
		changed |= BIT(RECORD_FIELD_EXTRA);
	for (unsigned f = 0; f < RECORD_FIELD_COUNT; f++) {
		if (!record_has(r, (enum record_field)f))
			continue;
		if ((a->drop & BIT(f)) != 0) {
			drop(r, (enum record_field)f);
			changed |= BIT(f);
		} else if ((a->fields & BIT(f)) != 0 && look_at_field(a, r, (enum record_field)f))
			changed |= BIT(f);
	}
	return (changed);
}
