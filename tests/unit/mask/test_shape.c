#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mask/detect.h"

static const struct {
	const char *text;
	enum mask_shape shape;
} rows[] = {
	{ "", MASK_SHAPE_EMPTY },
	{ "me", MASK_SHAPE_WORD }, { "self", MASK_SHAPE_WORD }, { "edit", MASK_SHAPE_WORD },
	{ "v1", MASK_SHAPE_WORD }, { "v99", MASK_SHAPE_WORD }, { "2024", MASK_SHAPE_WORD },
	{ "1990", MASK_SHAPE_WORD }, { "2099", MASK_SHAPE_WORD }, { "05", MASK_SHAPE_WORD },
	{ "7", MASK_SHAPE_WORD },
	{ "1989", MASK_SHAPE_INT }, { "2100", MASK_SHAPE_INT }, { "123", MASK_SHAPE_INT },
	{ "88231177", MASK_SHAPE_INT }, { "1700000000", MASK_SHAPE_INT },
	{ "490154203237518", MASK_SHAPE_INT }, { "4111111111111111", MASK_SHAPE_PAN },
	{ "4111-1111-1111-1111", MASK_SHAPE_PAN },
	{ "3F2504E0-4F89-11D3-9A0C-0305E82C3301", MASK_SHAPE_UUID },
	{ "3f2504e0-4f89-11d3-9a0c-0305e82c3301", MASK_SHAPE_UUID },
	{ "{3f2504e0-4f89-11d3-9a0c-0305e82c3301}", MASK_SHAPE_UUID },
	{ "01ARZ3NDEKTSV4RRFFQ69G5FAV", MASK_SHAPE_ULID },
	{ "01arz3ndektsv4rrffq69g5fav", MASK_SHAPE_ULID },
	{ "507f1f77bcf86cd799439011", MASK_SHAPE_HEX }, { "3f2a9c1b", MASK_SHAPE_HEX },
	{ "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d", MASK_SHAPE_HEX },
	{ "1A530637289A03B07199A44E8D531427", MASK_SHAPE_HEX },
	{ "feedface", MASK_SHAPE_WORD }, { "3f2a9c", MASK_SHAPE_WORD },
	{ "EAIaIQobChMIexampleGCLID99", MASK_SHAPE_BASE64 },
	{ "3fj2k1l9a8s7d6f5g4h3j2k1l0", MASK_SHAPE_BASE64 },
	{ "Ym9iLmtAZXhhbXBsZS5vcmc=", MASK_SHAPE_BASE64 },
	{ "bob.k@example.org", MASK_SHAPE_EMAIL },
	{ "+49-151-1234-5678", MASK_SHAPE_PHONE },
	{ "203.0.113.7", MASK_SHAPE_ADDRESS }, { "2001:db8::1", MASK_SHAPE_ADDRESS },
	{ "0xcb007107", MASK_SHAPE_ADDRESS },
	{ "00:1a:2b:3c:4d:5e", MASK_SHAPE_MAC },
	{ "DE89370400440532013000", MASK_SHAPE_IBAN },
	{ "219-09-9999", MASK_SHAPE_NATIONAL },
	{ "52.5200,13.4050", MASK_SHAPE_GEO },
	{ "2025-11-24", MASK_SHAPE_DATE }, { "20251124", MASK_SHAPE_DATE },
	{ "24.11.2025", MASK_SHAPE_DATE }, { "2025-11", MASK_SHAPE_DATE },
	{ "2025-12-01T00:00:00Z", MASK_SHAPE_DATE },
	{ "2025-13-24", MASK_SHAPE_WORD },
	{ "ghp" "_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O50Zb5Hm", MASK_SHAPE_CREDENTIAL },
	{ "why does it", MASK_SHAPE_TEXT }, { "m\xc3\xbcller", MASK_SHAPE_TEXT },
	{ "index.html", MASK_SHAPE_WORD }, { "app.3f2a9c1b.js", MASK_SHAPE_WORD },
	{ "release-notes", MASK_SHAPE_WORD }, { "release-notes-for-spring", MASK_SHAPE_WORD },
	{ "release-notes-for-spring-2024", MASK_SHAPE_WORD },
	{ "CV_Erika_Mustermann.pdf", MASK_SHAPE_WORD }, { "~kowalczyk", MASK_SHAPE_WORD },
	{ "@bob", MASK_SHAPE_WORD }, { "erika-mustermann", MASK_SHAPE_WORD },
	{ "ReadableStreamDefaultReader", MASK_SHAPE_WORD }, { "cart.do", MASK_SHAPE_WORD },
	{ "jquery-3.6.0.min.js", MASK_SHAPE_WORD }, { "1.2.3", MASK_SHAPE_WORD },
	{ "iphone-15-pro-max-256gb", MASK_SHAPE_WORD },
};

static void
shapes(void **state)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum mask_shape shape = mask_shape(span_str(rows[i].text));

		if (shape != rows[i].shape) {
			print_error("\"%s\": %s, not %s\n", rows[i].text, mask_shape_names[shape],
			    mask_shape_names[rows[i].shape]);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
every_shape_has_a_name(void **state)
{
	for (int i = 0; i < MASK_SHAPE_COUNT; i++)
		assert_non_null(mask_shape_names[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(every_shape_has_a_name),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
