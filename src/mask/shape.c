#include "mask/detect.h"
#include "mask/verify.h"

const char *const mask_shape_names[MASK_SHAPE_COUNT] = {
	[MASK_SHAPE_WORD] = "word",
	[MASK_SHAPE_INT] = "int",
	[MASK_SHAPE_UUID] = "uuid",
	[MASK_SHAPE_ULID] = "ulid",
	[MASK_SHAPE_HEX] = "hex",
	[MASK_SHAPE_BASE64] = "base64",
	[MASK_SHAPE_EMAIL] = "email",
	[MASK_SHAPE_PHONE] = "phone",
	[MASK_SHAPE_ADDRESS] = "address",
	[MASK_SHAPE_MAC] = "mac",
	[MASK_SHAPE_IBAN] = "iban",
	[MASK_SHAPE_PAN] = "pan",
	[MASK_SHAPE_NATIONAL] = "national",
	[MASK_SHAPE_GEO] = "geo",
	[MASK_SHAPE_DATE] = "date",
	[MASK_SHAPE_CREDENTIAL] = "credential",
	[MASK_SHAPE_TEXT] = "text",
	[MASK_SHAPE_EMPTY] = "empty",
};

/* What the whole text is made of. */
struct made {
	size_t digits, uppers, lowers, marks;
	size_t others; /* any other ASCII that is printed */
	bool text;     /* a blank, a control byte or no ASCII */
};

/* Longer than a sum can count: no identifier, but it may hold one. */
static struct made
look_over_long(struct span text)
{
	struct made made = { 0 };

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		made.digits += verify_is_digit(c);
		made.uppers += verify_is_upper(c);
		made.lowers += verify_is_letter(c) && !verify_is_upper(c);
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
	uint64_t sum = verify_weigh(text);

	if (text.len > 255)
		return (look_over_long(text));
	made.digits = verify_count(sum, VERIFY_DIGIT);
	made.uppers = verify_count(sum, VERIFY_UPPER);
	made.lowers = verify_count(sum, VERIFY_LOWER);
	made.marks = verify_count(sum, VERIFY_MARK);
	made.others = text.len - made.digits - made.uppers - made.lowers - made.marks;
	made.text = verify_count(sum, VERIFY_OTHER) > 0 ||
	    (verify_count(sum, VERIFY_KEYED) > 0 && span_find(text, ' ') < text.len);
	return (made);
}

static enum mask_shape
digits_shape(struct span text)
{
	if (text.len <= 2)
		return (MASK_SHAPE_WORD);
	if (text.len == 4 && ((text.ptr[0] == '2' && text.ptr[1] == '0') ||
	    (text.ptr[0] == '1' && text.ptr[1] == '9' && text.ptr[2] == '9')))
		return (MASK_SHAPE_WORD);
	if (verify_date_value(text))
		return (MASK_SHAPE_DATE);
	return (verify_card(text.ptr, text.len) ? MASK_SHAPE_PAN : MASK_SHAPE_INT);
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
	return (verify_is_digit(text.ptr[0]));
}

static bool
is_hex(struct span text, const struct made *made)
{
	if (text.len < 8 || made->digits == 0 || made->others + made->marks != 0)
		return (false);
	for (size_t i = 0; i < text.len; i++)
		if (!verify_is_hex(text.ptr[i]))
			return (false);
	return (true);
}

static bool
has_capitals_together(struct span text)
{
	for (size_t i = 1; i < text.len; i++)
		if (verify_is_upper(text.ptr[i - 1]) && verify_is_upper(text.ptr[i]))
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
	if (made->digits == 0 && (secret_changes(body) * 3 < body.len ||
	    !has_capitals_together(body)))
		return (false);
	return (secret_changes(body) * 5 >= body.len && secret_entropy(body) >= 3 * 256);
}

static enum mask_shape
class_shape(enum record_class c)
{
	static const uint8_t shapes[RECORD_CLASS_COUNT] = {
		[RECORD_CLASS_CREDENTIAL] = MASK_SHAPE_CREDENTIAL,
		[RECORD_CLASS_PAN] = MASK_SHAPE_PAN,
		[RECORD_CLASS_IBAN] = MASK_SHAPE_IBAN,
		[RECORD_CLASS_NATIONAL] = MASK_SHAPE_NATIONAL,
		[RECORD_CLASS_EMAIL] = MASK_SHAPE_EMAIL,
		[RECORD_CLASS_PHONE] = MASK_SHAPE_PHONE,
		[RECORD_CLASS_MAC] = MASK_SHAPE_MAC,
		[RECORD_CLASS_GEO] = MASK_SHAPE_GEO,
		[RECORD_CLASS_DEVICE] = MASK_SHAPE_UUID,
		[RECORD_CLASS_SESSION] = MASK_SHAPE_CREDENTIAL,
		[RECORD_CLASS_IP_FWD] = MASK_SHAPE_ADDRESS,
	};

	return (shapes[c]);
}

/* Long, or with digits or signs that words do not have. */
static enum mask_shape
odd_shape(struct span text, const struct made *made)
{
	enum record_class found;

	if (text.len >= 36 && text.len <= 38 && made->marks == 4 && verify_uuid(text))
		return (MASK_SHAPE_UUID);
	if (is_ulid(text, made))
		return (MASK_SHAPE_ULID);
	if (verify_date_value(text))
		return (MASK_SHAPE_DATE);
	if (made->digits >= 2 && made->others == 0 && verify_iban(text))
		return (MASK_SHAPE_IBAN);
	if (is_hex(text, made))
		return (verify_numbers(text) == RECORD_CLASS_PAN ? MASK_SHAPE_PAN : MASK_SHAPE_HEX);
	if (is_base64(text, made))
		return (secret_known(text) == RECORD_CLASS_CREDENTIAL ? MASK_SHAPE_CREDENTIAL :
		    MASK_SHAPE_BASE64);
	if ((found = mask_detect(text)) != RECORD_CLASS_NONE)
		return (class_shape(found));
	return (made->text ? MASK_SHAPE_TEXT : MASK_SHAPE_WORD);
}

enum mask_shape
mask_shape(struct span text)
{
	struct made made;

	if (text.len == 0)
		return (MASK_SHAPE_EMPTY);
	made = look_over(text);
	if (made.digits == text.len)
		return (digits_shape(text));
	/* Hex needs eight with a digit, a month seven, an address four digits or a colon. */
	if (made.others == 0 && (text.len < 7 ||
	    (made.digits == 0 && (text.len < 16 || made.uppers == 0 || made.lowers == 0))))
		return (MASK_SHAPE_WORD);
	return (odd_shape(text, &made));
}
