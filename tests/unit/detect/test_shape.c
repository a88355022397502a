#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/detect.h"

static const struct {
	const char *text;
	enum detect_shape shape;
} rows[] = {
	{ "", DETECT_SHAPE_EMPTY },
	{ "me", DETECT_SHAPE_WORD }, { "self", DETECT_SHAPE_WORD }, { "edit", DETECT_SHAPE_WORD },
	{ "v1", DETECT_SHAPE_WORD }, { "v99", DETECT_SHAPE_WORD }, { "2024", DETECT_SHAPE_WORD },
	{ "1990", DETECT_SHAPE_WORD }, { "2099", DETECT_SHAPE_WORD }, { "05", DETECT_SHAPE_WORD },
	{ "7", DETECT_SHAPE_WORD },
	{ "1989", DETECT_SHAPE_INT }, { "2100", DETECT_SHAPE_INT }, { "123", DETECT_SHAPE_INT },
	{ "88231177", DETECT_SHAPE_INT }, { "1700000000", DETECT_SHAPE_INT },
	{ "490154203237518", DETECT_SHAPE_INT }, { "4111111111111111", DETECT_SHAPE_PAN },
	{ "4111-1111-1111-1111", DETECT_SHAPE_PAN },
	{ "3F2504E0-4F89-11D3-9A0C-0305E82C3301", DETECT_SHAPE_UUID },
	{ "3f2504e0-4f89-11d3-9a0c-0305e82c3301", DETECT_SHAPE_UUID },
	{ "{3f2504e0-4f89-11d3-9a0c-0305e82c3301}", DETECT_SHAPE_UUID },
	{ "01ARZ3NDEKTSV4RRFFQ69G5FAV", DETECT_SHAPE_ULID },
	{ "01arz3ndektsv4rrffq69g5fav", DETECT_SHAPE_ULID },
	{ "507f1f77bcf86cd799439011", DETECT_SHAPE_HEX }, { "3f2a9c1b", DETECT_SHAPE_HEX },
	{ "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d", DETECT_SHAPE_HEX },
	{ "1A530637289A03B07199A44E8D531427", DETECT_SHAPE_HEX },
	{ "feedface", DETECT_SHAPE_WORD }, { "3f2a9c", DETECT_SHAPE_WORD },
	{ "EAIaIQobChMIexampleGCLID99", DETECT_SHAPE_BASE64 },
	{ "3fj2k1l9a8s7d6f5g4h3j2k1l0", DETECT_SHAPE_BASE64 },
	{ "Ym9iLmtAZXhhbXBsZS5vcmc=", DETECT_SHAPE_BASE64 },
	{ "bob.k@example.org", DETECT_SHAPE_EMAIL },
	{ "+49-151-1234-5678", DETECT_SHAPE_PHONE },
	{ "203.0.113.7", DETECT_SHAPE_ADDRESS }, { "2001:db8::1", DETECT_SHAPE_ADDRESS },
	{ "0xcb007107", DETECT_SHAPE_ADDRESS },
	{ "00:1a:2b:3c:4d:5e", DETECT_SHAPE_MAC },
	{ "DE89370400440532013000", DETECT_SHAPE_IBAN },
	{ "219-09-9999", DETECT_SHAPE_NATIONAL },
	{ "52.5200,13.4050", DETECT_SHAPE_GEO },
	{ "2025-11-24", DETECT_SHAPE_DATE }, { "20251124", DETECT_SHAPE_DATE },
	{ "24.11.2025", DETECT_SHAPE_DATE }, { "2025-11", DETECT_SHAPE_DATE },
	{ "2025-12-01T00:00:00Z", DETECT_SHAPE_DATE },
	{ "2025-13-24", DETECT_SHAPE_WORD },
	{ "ghp" "_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O50Zb5Hm", DETECT_SHAPE_CREDENTIAL },
	{ "why does it", DETECT_SHAPE_TEXT }, { "m\xc3\xbcller", DETECT_SHAPE_TEXT },
	{ "index.html", DETECT_SHAPE_WORD }, { "app.3f2a9c1b.js", DETECT_SHAPE_WORD },
	{ "release-notes", DETECT_SHAPE_WORD }, { "release-notes-for-spring", DETECT_SHAPE_WORD },
	{ "release-notes-for-spring-2024", DETECT_SHAPE_WORD },
	{ "CV_Erika_Mustermann.pdf", DETECT_SHAPE_WORD }, { "~kowalczyk", DETECT_SHAPE_WORD },
	{ "@bob", DETECT_SHAPE_WORD }, { "erika-mustermann", DETECT_SHAPE_WORD },
	{ "ReadableStreamDefaultReader", DETECT_SHAPE_WORD }, { "cart.do", DETECT_SHAPE_WORD },
	{ "jquery-3.6.0.min.js", DETECT_SHAPE_WORD }, { "1.2.3", DETECT_SHAPE_WORD },
	{ "iphone-15-pro-max-256gb", DETECT_SHAPE_WORD },
};

static void
shapes(void **state)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum detect_shape shape = detect_shape(span_str(rows[i].text));

		if (shape != rows[i].shape) {
			print_error("\"%s\": %s, not %s\n", rows[i].text, detect_shape_names[shape],
			    detect_shape_names[rows[i].shape]);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void
every_shape_has_a_name(void **state)
{
	for (int i = 0; i < DETECT_SHAPE_COUNT; i++)
		assert_non_null(detect_shape_names[i]);
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
