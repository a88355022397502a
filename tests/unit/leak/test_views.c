#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "../each.h"
#include "find.h"

#include <cmocka.h>

static struct leak_rules *rules;
static struct find find;

static int
setup(void **state)
{
	struct err e;

	if (leak_rules_open(LEAK_PLAIN, &rules, &e) == -1)
		return (-1);
	find_open(&find, rules);
	return (0);
}

static int
teardown(void **state)
{
	leak_scanner_close(find.scanner);
	leak_rules_close(rules);
	return (0);
}

#define TEXT(literal) literal, sizeof(literal) - 1

/* Each way to write an address or a mailbox, where it begins, and what it is called. */
static void
what_decodes_is_found_where_it_begins(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} rows[] = {
		{ TEXT("e=bob.k%40example.org"), "email@2(percent)" },
		{ TEXT("e=%62%6f%62%40example%2eorg"), "email@2(percent)" },
		{ TEXT("e=bob.k%2540example.org"), "email@2(percent > percent)" },
		{ TEXT("e=bob.k%25252540example.org"),
		    "email@2(percent > percent > percent > percent)" },
		{ TEXT("e=bob.k%u0040example.org"), "email@2(percent)" },
		{ TEXT("\"bob.k\\u0040example.org\""), "email@1(escape)" },
		{ TEXT("\"bob.k\\u{40}example.org\""), "email@1(escape)" },
		{ TEXT("x bob.k\\x40example.org"), "email@2(escape)" },
		{ TEXT("x bob.k\\100example.org"), "email@2(escape)" },
		{ TEXT("\\\\\\\"bob.k\\\\u0040example.org"), "email@4(escape > escape)" },
		{ TEXT("bob.k&#64;example.org"), "email@0(entity)" },
		{ TEXT("bob.k&#x40;example.org"), "email@0(entity)" },
		{ TEXT("bob.k&commat;example&period;org"), "email@0(entity)" },
		{ TEXT("bob.k%26%2364%3Bexample.org"), "email@0(percent > entity)" },
		{ TEXT("bob.k&#64;example%2eorg"), "email@0(percent+entity)" },
		{ TEXT("bob.k\xef\xbc\xa0"
		       "example.org"),
		    "email@0(unicode)" },
		{ TEXT("bob.k\xc1\x80"
		       "example.org"),
		    "email@0(unicode)" },
		{ TEXT("bob.k@exam\xc2\xadple.org"), "email@0" },
		{ TEXT("203\xe3\x80\x82"
		       "0\xe3\x80\x82"
		       "113\xe3\x80\x82"
		       "7"),
		    "ipv4@0(unicode)" },
		{ TEXT("203\xe2\x80\x8b.0.113.7"), "ipv4@0(unicode)" },
		{ TEXT("\xef\xbc\x92\xef\xbc\x90\xef\xbc\x93.0.113.7"), "ipv4@0(unicode)" },
		{ TEXT("a=3Db bob.k=40example.org"), "email@6(quoted-printable)" },
		{ TEXT("page=40example.org"), "" },
		{ TEXT("{bob.k#40example.org}"), "email@1(sharp)" },
		{ TEXT("d=Ym9iLmtAZXhhbXBsZS5vcmc="), "email@2(base64)" },
		{ TEXT("x/Ym9iLmtAZXhhbXBsZS5vcmc"), "email@2(base64)" },
		{ TEXT("d=Ym9iLmtAZXhhbXBs\nZS5vcmc="), "email@2(base64)" },
		{ TEXT("d=Ym9iLmtAZXhhbXBs\r\nZS5vcmc="), "email@2(base64)" },
		{ TEXT("d=WW05aUxtdEFaWGhoYlhCc1pTNXZjbWM9"), "email@2(base64 > base64)" },
		{ TEXT("d=%59m9iLmtAZXhhbXBsZS5vcmc%3D"),
		    "email@2(percent > base64) email@5(base64)" },
		{ TEXT("d=YSUyMGJvYi5rJTQwZXhhbXBsZS5vcmc"), "email@7(base64 > percent)" },
		{ TEXT("x 626f622e6b406578616d706c652e6f7267 y"), "hexid@2 email@2(hex)" },
		{ TEXT("0x626F622E6B406578616D706C652E6F7267"), "email@2(hex)" },
		{ TEXT("a626f622e6b406578616d706c652e6f7267"), "hexid@0 email@1(hex)" },
		{ TEXT("00ff00ff626f622e6b406578616d706c652e6f726700ff"), "hexid@0 email@8(hex)" },
		{ TEXT("b\0o\0b\0.\0k\0@\0e\0x\0.\0o\0r\0g\0"), "email@0(utf-16)" },
		{ TEXT("\0b\0o\0b\0.\0k\0@\0e\0x\0.\0o\0r\0g"), "email@1(utf-16)" },
		{ TEXT("b\0\0\0o\0\0\0b\0\0\0@\0\0\0e\0\0\0x\0\0\0.\0\0\0d\0\0\0e\0\0\0"),
		    "email@0(utf-16)" },
		{ TEXT("\xff\xfe" "b\0o\0b\0@\0e\0x\0.\0d\0e\0"), "email@2(utf-16)" },
		{ TEXT("\xfe\xff" "\0b\0o\0b\0@\0e\0x\0.\0d\0e"), "email@3(utf-16)" },
		{ TEXT("a text, b\0o\0b\0@\0e\0x\0.\0d\0e\0 and more"), "email@8(utf-16)" },
		{ TEXT("a text b\0o\0b\0@\0e\0x\0.\0d\0e\0"), "email@7(utf-16)" },
		{ TEXT("a text,b\0\0\0o\0\0\0b\0\0\0@\0\0\0e\0\0\0x\0\0\0.\0\0\0d\0\0\0e\0\0\0"),
		    "email@7(utf-16)" },
		{ TEXT("\0\0\0203.0.113.7\0\0\1\2\3"), "ipv4@3" },
		/* nothing to find: hashes, keys, half escapes */
		{ TEXT("%4 %zz %u00 \\u00 &#; &nosuch; =4 #4 \xef\xbc"), "" },
		{ TEXT("AcMyk2ZdK7xGf8mP2nQ5rT9vW3yB6eH1jL4oR7uX0aDg"), "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece <= 1000; piece += 333) {
			const char *got = find_in(&find, rows[i].text, rows[i].len, piece);

			if (strcmp(got, rows[i].want) != 0)
				fail_msg("row %zu '%s' by %zu: got '%s', want '%s'", i,
				    rows[i].text, piece, got, rows[i].want);
		}
}

/* Six levels are too many, and are no crash. */
static void
levels_are_bounded(void **state)
{
	char text[4096] = "bob.k@example.org", next[4096];

	for (int level = 0; level < 7; level++) {
		size_t len = 0;
		const char *want = level <= 5 ? "email@0" : "";

		assert_true(
		    strncmp(find_in(&find, text, strlen(text), 4096), want, strlen(want)) == 0);
		assert_int_equal(find.count, level <= 5);
		for (size_t i = 0; text[i] != '\0'; i++)
			len += (size_t)snprintf(next + len, sizeof(next) - len,
			    text[i] == '@'     ? "%%40" :
				text[i] == '%' ? "%%25" :
						 "%c",
			    text[i]);
		memcpy(text, next, len + 1);
	}
}

/* The same finding at the same place of a long text, whichever windows cut it. */
static void
windows_hide_nothing(void **state)
{
	static const char *const plants[] = { "203.0.113.7 ", "bob.k%40example.org ",
		" Ym9iLmtAZXhhbXBsZS5vcmc= ", " 626f622e6b40782e6f7267 " };
	static char text[1200000];
	const size_t window = 512 << 10;

	for (size_t k = 0; k < sizeof(plants) / sizeof(plants[0]); k++)
		for (size_t at = window - 4096 - 60; at < window + 60;
		     at += EACH * (size_t)(at % 7 == 0 ? 61 : 7)) {
			size_t len = strlen(plants[k]);
			unsigned long long found;

			memset(text, ' ', sizeof(text));
			memcpy(text + at, plants[k], len);
			(void)find_in(&find, text, sizeof(text), 100000);
			assert_int_equal(find.count, 1);
			assert_int_equal(sscanf(strchr(find.text, '@'), "@%llu", &found), 1);
			assert_in_range(found, at, at + 1);
		}
}

/* A token exempts itself, and nothing around it. */
static void
what_looks_like_a_token_hides_nothing(void **state)
{
	static const char *const rows[] = {
		"ip.abcdefghij234567 203.0.113.7",
		"\"session\":\"se.abcdefghij234567\" from 203.0.113.7",
		"se.abcdefghijklmnop203.0.113.7",
		"[phone] {int} 203.0.113.7",
		"{\"v\":1,\"prev\":"
		"\"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d\","
		"\"x\":\"203.0.113.7\"}",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)find_in(&find, rows[i], strlen(rows[i]), 1000);
		assert_int_equal(find.count, 1);
		assert_non_null(strstr(find.text, "ipv4@"));
	}
	assert_string_equal(find_in(&find, TEXT("sid=se.abcdefghij2345678"), 100), "session@0");
	assert_string_equal(find_in(&find, TEXT("sid=zz.abcdefghij234567"), 100), "session@0");
}

static unsigned char
next_random(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return ((unsigned char)(x >> 32));
}

/* Random bytes hold no identifiers; a megabyte of them gives no alarm. */
static void
noise_is_no_alarm(void **state)
{
	static unsigned char text[1 << 20];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = next_random();
	assert_string_equal(find_in(&find, text, sizeof(text), 65536), "");
}

/* The few random bytes of a key file, between words and zeros, hold none either. */
static void
a_key_file_is_no_alarm(void **state)
{
	unsigned char text[512];

	for (unsigned round = 0; round < 3000; round++) {
		size_t at = 16 + round % 80;

		memset(text, 0, sizeof(text));
		memcpy(text, "cretula key 1\n", 14);
		for (size_t i = 16; i < 112; i++)
			text[i] = next_random();
		memcpy(text + at, "x@y.za", 6);
		assert_string_equal(find_in(&find, text, sizeof(text), 1000), "");
	}
}

/* Nor does the checksum behind its zeros, which ends the file: this one was found. */
static void
a_checksum_is_no_alarm(void **state)
{
	static const char sum[] = "\tA@\xbc.Ah\x10\xcb\x8d\x32=\xf3\xd0\xc2\x12";
	unsigned char text[512] = "cretula slot v1\nlog";

	memcpy(text + sizeof(text) - 16, sum, 16);
	assert_string_equal(find_in(&find, text, sizeof(text), 1000), "");
	memcpy(text + sizeof(text) - 16, "\ta@b.example.\n\n\n", 16);
	assert_string_equal(find_in(&find, text, sizeof(text), 1000), "email@497");
}

/* A short address between the numbers of a table is still one. */
static void
a_table_is_no_noise(void **state)
{
	static const char row[] = "\x14\x07\x05\x01\x1d\x23\x04\x21"
				  "annab@x.de21.11.2026 Berlin\x00\x00\x19\x08\x05\x01\x1d\x21\x04\x21"
				  "bob21.11.2026 Paris";

	assert_string_equal(find_in(&find, TEXT(row), 1000), "email@8");
}

/* Text that decodes to itself and more of it is given up, and said. */
static void
endless_decoding_is_bounded(void **state)
{
	static char text[400000];

	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "%25", 3);
	(void)find_in(&find, text, sizeof(text), 65536);
	assert_int_equal(find.count, 0);
	memset(text, '\\', sizeof(text));
	(void)find_in(&find, text, sizeof(text), 65536);
	assert_int_equal(find.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_decodes_is_found_where_it_begins),
		cmocka_unit_test(levels_are_bounded),
		cmocka_unit_test(windows_hide_nothing),
		cmocka_unit_test(what_looks_like_a_token_hides_nothing),
		cmocka_unit_test(noise_is_no_alarm),
		cmocka_unit_test(a_key_file_is_no_alarm),
		cmocka_unit_test(a_checksum_is_no_alarm),
		cmocka_unit_test(a_table_is_no_noise),
		cmocka_unit_test(endless_decoding_is_bounded),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
