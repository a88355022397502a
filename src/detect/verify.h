/*
 * detect: the verifiers behind detect and shape.  Each looks for one kind of
 * thing anywhere in a canonical text, unless its name says _value.
 */
#ifndef CRETULA_DETECT_VERIFY_H
#define CRETULA_DETECT_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "detect/secret.h"
#include "record/record.h"

static inline bool
detect_verify_is_digit(char c)
{
	return ((unsigned char)(c - '0') < 10);
}

static inline bool
detect_verify_is_upper(char c)
{
	return ((unsigned char)(c - 'A') < 26);
}

static inline bool
detect_verify_is_letter(char c)
{
	return ((unsigned char)((c | 0x20) - 'a') < 26);
}

static inline bool
detect_verify_is_alnum(char c)
{
	return (detect_verify_is_digit(c) || detect_verify_is_letter(c));
}

static inline bool
detect_verify_is_hex(char c)
{
	return (detect_verify_is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 6);
}

/* Of base64 in either alphabet. */
static inline bool
detect_verify_is_base64(char c)
{
	return (detect_verify_is_alnum(c) || c == '-' || c == '_' || c == '+' || c == '/');
}

/*
 * How many bytes of each kind, one byte of the sum each: right for texts of
 * at most 255 bytes; all counts are 255 for longer ones.  Defined in detect.c.
 */
#define VERIFY_DIGIT (UINT64_C(1) << 0)
#define VERIFY_UPPER (UINT64_C(1) << 8)
#define VERIFY_LOWER (UINT64_C(1) << 16)
#define VERIFY_COLON (UINT64_C(1) << 24)
#define VERIFY_KEYED (UINT64_C(1) << 32) /* blank, '=': a name or a scheme before it */
#define VERIFY_AT (UINT64_C(1) << 40)
#define VERIFY_OTHER (UINT64_C(1) << 48) /* control bytes and what is no ASCII */
#define VERIFY_MARK (UINT64_C(1) << 56)  /* '-', '_' */
extern const uint64_t detect_verify_weights[256];

static inline unsigned
detect_verify_count(uint64_t sum, uint64_t what)
{
	return ((unsigned)(sum / what) & 255);
}

static inline uint64_t
detect_verify_weigh(struct span text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	uint64_t a = 0, b = 0;
	size_t i = 0;

	if (text.len > 255)
		return (UINT64_MAX);
	for (; i + 4 <= text.len; i += 4) {
		a += detect_verify_weights[p[i]] + detect_verify_weights[p[i + 1]];
		b += detect_verify_weights[p[i + 2]] + detect_verify_weights[p[i + 3]];
	}
	for (; i < text.len; i++)
		a += detect_verify_weights[p[i]];
	return (a + b);
}

/* ---- verify.c: numbers ---- */

/*
 * What the runs of digits are: PAN (issuer prefix, length, Luhn, uniform
 * separators), NATIONAL (US social security rules), PHONE (also any run of
 * nine digits that nothing explains), DEVICE (IMEI), the most sensitive of
 * these; NONE.
 */
enum record_class detect_verify_numbers(struct span text);

/* What the number that begins with the digit at text[i] is; where it ends. */
size_t detect_verify_number_at(struct span text, size_t i, enum record_class *found);
bool detect_verify_card(const char *digits, size_t count);
bool detect_verify_iban(struct span text); /* length of the country, mod 97 */
bool detect_verify_iban_at(struct span text, size_t i, size_t *end);

/* 2025-11-24, 20251124, 24.11.2025, 2025-11, 2025-11-24T10:11:12Z ... */
bool detect_verify_date_value(struct span text);

bool detect_verify_national(struct span text); /* national.c: five states' */

/* ---- where.c: addresses of all sorts ---- */

bool detect_verify_email(struct span text);
bool detect_verify_mac(struct span text);
bool detect_verify_geo(struct span text);     /* latitude, longitude */
bool detect_verify_geo_at(struct span text, size_t i, size_t *end);
bool detect_verify_uuid(struct span text);
bool detect_verify_address(struct span text); /* IPv4 and IPv6, dashed quads, in-addr.arpa */
/* Decimal, hexadecimal, octal and short forms that inet_aton would take. */
bool detect_verify_address_value(struct span text);

/* The more sensitive of two, in the order that detect.h states. */
enum record_class detect_verify_worse(enum record_class a, enum record_class b);

#endif
