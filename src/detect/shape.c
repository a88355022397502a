#include "detect/detect.h"
#include "detect/verify.h"

const char *const detect_shape_names[DETECT_SHAPE_COUNT] = {
	[DETECT_SHAPE_WORD] = "word",
	[DETECT_SHAPE_INT] = "int",
	[DETECT_SHAPE_UUID] = "uuid",
	[DETECT_SHAPE_ULID] = "ulid",
	[DETECT_SHAPE_HEX] = "hex",
	[DETECT_SHAPE_BASE64] = "base64",
	[DETECT_SHAPE_EMAIL] = "email",
	[DETECT_SHAPE_PHONE] = "phone",
	[DETECT_SHAPE_ADDRESS] = "address",
	[DETECT_SHAPE_MAC] = "mac",
	[DETECT_SHAPE_IBAN] = "iban",
	[DETECT_SHAPE_PAN] = "pan",
	[DETECT_SHAPE_NATIONAL] = "national",
	[DETECT_SHAPE_GEO] = "geo",
	[DETECT_SHAPE_DATE] = "date",
	[DETECT_SHAPE_CREDENTIAL] = "credential",
	[DETECT_SHAPE_TEXT] = "text",
	[DETECT_SHAPE_EMPTY] = "empty",
};

/* What the whole text is made of. */
struct made {
	size_t digits, uppers, lowers, marks;
	size_t others; /* any other ASCII that is printed */
	bool text; /* a blank, a control byte or no ASCII */
};

/* Longer than a sum can count: no identifier, but it may hold one. */
static struct made
look_over_long(struct span text)
{
	struct made made = { 0 };

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		made.digits += detect_verify_is_digit(c);
		made.uppers += detect_verify_is_upper(c);
		made.lowers += detect_verify_is_letter(c) && !detect_verify_is_upper(c);
		made.marks += c == '-' || c == '_';
		made.text = made.text || c <= ' ' || c == 0x7f;
	}
	made.others = text.len - made.digits - made.uppers - made.lowers - made.marks;
	return (made);
}

static inline struct made
look_over(struct span text)
{
	struct made made;
	uint64_t sum = detect_verify_weigh(text);

	if (text.len > 255)
		return (look_over_long(text));
	made.digits = detect_verify_count(sum, VERIFY_DIGIT);
	made.uppers = detect_verify_count(sum, VERIFY_UPPER);
	made.lowers = detect_verify_count(sum, VERIFY_LOWER);
	made.marks = detect_verify_count(sum, VERIFY_MARK);
	made.others = text.len - made.digits - made.uppers - made.lowers - made.marks;
	made.text = detect_verify_count(sum, VERIFY_OTHER) > 0 ||
	    (detect_verify_count(sum, VERIFY_KEYED) > 0 && span_find(text, ' ') < text.len);
	return (made);
}

static enum detect_shape
digits_shape(struct span text)
{
	if (text.len <= 2)
		return (DETECT_SHAPE_WORD);
	if (text.len == 4 &&
	    ((text.ptr[0] == '2' && text.ptr[1] == '0') ||
		(text.ptr[0] == '1' && text.ptr[1] == '9' && text.ptr[2] == '9')))
		return (DETECT_SHAPE_WORD);
	if (detect_verify_date_value(text))
		return (DETECT_SHAPE_DATE);
	return (detect_verify_card(text.ptr, text.len) ? DETECT_SHAPE_PAN : DETECT_SHAPE_INT);
}

/* Crockford's 26 characters, of which the first carries 3 bits. */
static bool
is_ulid(struct span text, const struct made *made)
{
	if (text.len != 26 || made->digits == 0 || made->digits == 26 || text.ptr[0] > '7' ||
	    made->others + made->marks != 0 || (made->uppers != 0 && made->lowers != 0))
		return (false);
	for (size_t i = 0; i < 26; i++) {
		char c = text.ptr[i] | 0x20;

		if (c == 'i' || c == 'l' || c == 'o' || c == 'u')
			return (false);
	}
	return (detect_verify_is_digit(text.ptr[0]));
}

static bool
is_hex(struct span text, const struct made *made)
{
	if (text.len < 8 || made->digits == 0 || made->others + made->marks != 0)
		return (false);
	for (size_t i = 0; i < text.len; i++)
		if (!detect_verify_is_hex(text.ptr[i]))
			return (false);
	return (true);
}

static bool
has_capitals_together(struct span text)
{
	for (size_t i = 1; i < text.len; i++)
		if (detect_verify_is_upper(text.ptr[i - 1]) && detect_verify_is_upper(text.ptr[i]))
			return (true);
	return (false);
}

/*
 * base64url of 16 and more, shuffled: 3 bits a character and a change of
 * kind at every fifth character ("release-notes-2024-for-spring" has none).
 * Without digits it may be a name in camel case, and more is asked for.
 */
static bool
is_base64(struct span text, const struct made *made)
{
	struct span body = text;

	while (body.len > 0 && body.ptr[body.len - 1] == '=')
		body.len--;
	if (body.len < 16 || made->others != text.len - body.len)
		return (false);
	if (made->digits == 0 &&
	    (detect_secret_changes(body) * 3 < body.len || !has_capitals_together(body)))
		return (false);
	return (
	    detect_secret_changes(body) * 5 >= body.len && detect_secret_entropy(body) >= 3 * 256);
}

static enum detect_shape
class_shape(enum record_class c)
{
	static const uint8_t shapes[RECORD_CLASS_COUNT] = {
		[RECORD_CLASS_CREDENTIAL] = DETECT_SHAPE_CREDENTIAL,
		[RECORD_CLASS_PAN] = DETECT_SHAPE_PAN,
		[RECORD_CLASS_IBAN] = DETECT_SHAPE_IBAN,
		[RECORD_CLASS_NATIONAL] = DETECT_SHAPE_NATIONAL,
		[RECORD_CLASS_EMAIL] = DETECT_SHAPE_EMAIL,
		[RECORD_CLASS_PHONE] = DETECT_SHAPE_PHONE,
		[RECORD_CLASS_MAC] = DETECT_SHAPE_MAC,
		[RECORD_CLASS_GEO] = DETECT_SHAPE_GEO,
		[RECORD_CLASS_DEVICE] = DETECT_SHAPE_UUID,
		[RECORD_CLASS_SESSION] = DETECT_SHAPE_CREDENTIAL,
		[RECORD_CLASS_IP_FWD] = DETECT_SHAPE_ADDRESS,
	};

	return (shapes[c]);
}

/* Long, or with digits or signs that words do not have. */
static enum detect_shape
odd_shape(struct span text, const struct made *made)
{
	enum record_class found;

	if (text.len >= 36 && text.len <= 38 && made->marks == 4 && detect_verify_uuid(text))
		return (DETECT_SHAPE_UUID);
	if (is_ulid(text, made))
		return (DETECT_SHAPE_ULID);
	if (detect_verify_date_value(text))
		return (DETECT_SHAPE_DATE);
	if (made->digits >= 2 && made->others == 0 && detect_verify_iban(text))
		return (DETECT_SHAPE_IBAN);
	if (is_hex(text, made))
		return (detect_verify_numbers(text) == RECORD_CLASS_PAN ? DETECT_SHAPE_PAN :
									  DETECT_SHAPE_HEX);
	if (is_base64(text, made))
		return (detect_secret_known(text) == RECORD_CLASS_CREDENTIAL ?
			DETECT_SHAPE_CREDENTIAL :
			DETECT_SHAPE_BASE64);
	if ((found = detect_class(text)) != RECORD_CLASS_NONE)
		return (class_shape(found));
	return (made->text ? DETECT_SHAPE_TEXT : DETECT_SHAPE_WORD);
}

enum detect_shape
detect_shape(struct span text)
{
	struct made made;

	if (text.len == 0)
		return (DETECT_SHAPE_EMPTY);
	made = look_over(text);
	if (made.digits == text.len)
		return (digits_shape(text));
	/* Hex needs eight with a digit, a month seven, an address four digits or a colon. */
	if (made.others == 0 &&
	    (text.len < 7 ||
		(made.digits == 0 && (text.len < 16 || made.uppers == 0 || made.lowers == 0))))
		return (DETECT_SHAPE_WORD);
	return (odd_shape(text, &made));
}
