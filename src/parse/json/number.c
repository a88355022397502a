/* number: decimal texts, in units. */
#include "parse/field.h"
#include "parse/json/read.h"

#define DIGITS_MAX 18

struct decimal {
	int64_t digits;
	int power; /* of ten, that digits are to be multiplied with */
	bool negative, fraction;
	struct span rest;
};

static void
read_digits(struct decimal *d, bool behind_point)
{
	size_t i = 0;

	for (; i < d->rest.len && parse_field_is_digit(d->rest.ptr[i]); i++) {
		if (d->digits < INT64_C(100000000000000000)) {
			d->digits = d->digits * 10 + (d->rest.ptr[i] - '0');
			d->power -= behind_point;
		} else
			d->power += !behind_point;
	}
	d->rest = span_from(d->rest, i);
}

/* "e-3"; false if it is none. */
static bool
read_exponent(struct decimal *d)
{
	int64_t power;
	struct span text = span_from(d->rest, 1);
	bool negative = text.len > 0 && text.ptr[0] == '-';

	if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+'))
		text = span_from(text, 1);
	if (text.len == 0 || text.len > 4 || !parse_field_digits(text, &power))
		return (false);
	d->power += negative ? -(int)power : (int)power;
	d->rest.len = 0;
	return (true);
}

static bool
read_decimal(struct span text, struct decimal *d)
{
	*d = (struct decimal){ .rest = text };
	if (text.len > 0 && text.ptr[0] == '-') {
		d->negative = true;
		d->rest = span_from(text, 1);
	}
	if (d->rest.len == 0 || !parse_field_is_digit(d->rest.ptr[0]))
		return (false);
	read_digits(d, false);
	if (d->rest.len > 1 && d->rest.ptr[0] == '.') {
		d->rest = span_from(d->rest, 1);
		d->fraction = true;
		read_digits(d, true);
	}
	if (d->rest.len > 0 && (d->rest.ptr[0] | 0x20) == 'e')
		return (read_exponent(d));
	return (true);
}

/* The power of ten that makes microseconds of it; false if rest is no unit. */
static bool
unit_power(struct decimal *d, enum parse_json_unit unit, int *power)
{
	static const struct {
		const char *name;
		int power;
	} units[] = { { "ns", -3 }, { "us", 0 }, { "\xc2\xb5s", 0 }, { "\xce\xbcs", 0 },
		{ "ms", 3 }, { "s", 6 } };
	static const int8_t powers[] = { [PARSE_JSON_ONE] = 0,
		[PARSE_JSON_NS] = -3,
		[PARSE_JSON_US] = 0,
		[PARSE_JSON_MS] = 3,
		[PARSE_JSON_S] = 6,
		[PARSE_JSON_FRACTION] = 6,
		[PARSE_JSON_ALL] = 0 };

	*power = powers[unit];
	if (d->rest.len == 0)
		return (unit != PARSE_JSON_FRACTION || d->fraction);
	for (size_t i = 0; unit != PARSE_JSON_ONE && i < sizeof(units) / sizeof(units[0]); i++)
		if (span_is(d->rest, units[i].name)) {
			*power = units[i].power;
			return (true);
		}
	return (false);
}

bool
parse_json_number(struct span text, enum parse_json_unit unit, int64_t *value)
{
	struct decimal d;
	int power;

	if (!read_decimal(text, &d) || !unit_power(&d, unit, &power))
		return (false);
	for (power += d.power; power < 0 && d.digits > 0; power++)
		d.digits /= 10;
	for (; power > 0 && d.digits > 0; power--) {
		if (d.digits > INT64_MAX / 10)
			return (false);
		d.digits *= 10;
	}
	*value = d.negative ? -d.digits : d.digits;
	return (true);
}

bool
parse_json_numbers(struct span text, enum parse_json_unit unit, int64_t *value)
{
	int64_t one, sum = 0;
	bool any = false;

	while (text.len > 0) {
		size_t len = 0;

		while (len < text.len && text.ptr[len] != ' ' && text.ptr[len] != ',')
			len++;
		if (len > 0 && !span_is(span_of(text.ptr, len), ":") &&
		    !span_is(span_of(text.ptr, len), "-")) {
			if (!parse_json_number(span_of(text.ptr, len), unit, &one) ||
			    __builtin_add_overflow(sum, one, &sum))
				return (false);
			any = true;
		}
		text = span_from(text, len + 1);
	}
	*value = sum;
	return (any);
}
