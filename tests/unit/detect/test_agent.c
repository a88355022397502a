#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "crypto/random.h"
#include "detect/agent.h"

#define WINDOWS "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
#define PHONE "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 "
#define ANDROID "Mozilla/5.0 (Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) "

static const struct {
	const char *text, *family;
	int major;
	const char *os, *device;
	bool bot;
} rows[] = {
	{ "", "none", -1, "", "", false },
	{ "-", "none", -1, "", "", false },
	{ WINDOWS "Chrome/120.0.0.0 Safari/537.36", "Chrome", 120, "Windows", "desktop", false },
	{ WINDOWS "Chrome/120.0.0.0 Safari/537.36 Edg/121.0.0.0", "Edge", 121, "Windows", "desktop",
	    false },
	{ WINDOWS "Chrome/120.0.0.0 Safari/537.36 OPR/106.0.0.0", "Opera", 106, "Windows", "desktop",
	    false },
	{ "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", 128,
	    "Linux", "desktop", false },
	{ "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	    "Version/17.1 Safari/605.1.15", "Safari", 17, "Mac OS X", "desktop", false },
	{ PHONE "(KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1", "Mobile Safari", 17, "iOS",
	    "phone", false },
	{ PHONE "(KHTML, like Gecko) CriOS/119.0.6045.109 Mobile/15E148 Safari/604.1", "Chrome Mobile iOS", 119,
	    "iOS", "phone", false },
	{ PHONE "(KHTML, like Gecko) FxiOS/119.0 Mobile/15E148 Safari/605.1.15", "Firefox iOS", 119,
	    "iOS", "phone", false },
	{ "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
	    "Version/16.6 Mobile/15E148 Safari/604.1", "Mobile Safari", 16, "iOS", "tablet", false },
	{ ANDROID "Chrome/120.0.0.0 Mobile Safari/537.36", "Chrome Mobile", 120, "Android", "phone", false },
	{ ANDROID "Chrome/120.0.0.0 Safari/537.36", "Chrome", 120, "Android", "tablet", false },
	{ ANDROID "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36", "Samsung Internet", 23,
	    "Android", "phone", false },
	{ "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
	    "Chrome/120.0.0.0 Safari/537.36", "Chrome", 120, "Chrome OS", "desktop", false },
	{ "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
	    "IE", 11, "Windows", "desktop", false },
	{ "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", "IE", 8, "Windows",
	    "desktop", false },
	{ "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.16", "Opera", 12, "Windows",
	    "desktop", false },
	{ "Mozilla/5.0 (SMART-TV; LINUX; Tizen 5.0) AppleWebKit/537.36 (KHTML, like Gecko) "
	    "Chrome/69.0.3497.106 TV Safari/537.36", "Chrome", 69, "Tizen", "tv", false },
	{ "curl/8.5.0", "curl", 8, "", "", false },
	{ "qqwebcrawlqq", "Other", -1, "", "bot", true },
	{ "qqspiderqq", "Other", -1, "", "bot", true },
	{ "qqscraperqq", "Other", -1, "", "bot", true },
	{ "qqmonitorqq", "Other", -1, "", "bot", true },
	{ "qqbot-qq", "Other", -1, "", "bot", true },
	{ "qq-botqq", "Other", -1, "", "bot", true },
	{ "qqbotqq bo b -bo +htt c s m", "Other", -1, "", "", false },
	{ "qq + x +https", "Other", -1, "", "bot", true },
	{ "Wget/1.21.3", "Wget", 1, "", "", false },
	{ "python-requests/2.31.0", "Python Requests", 2, "", "", false },
	{ "Go-http-client/2.0", "Go-http-client", 2, "", "", false },
	{ "okhttp/4.12.0", "okhttp", 4, "", "", false },
	{ "Java/1.8.0_292", "Java", 8, "", "", false },
	{ "kubectl/v1.30.1", "kubectl", 1, "", "", false },
	{ "Debian APT-HTTP/1.3 (2.6.1)", "Debian APT-HTTP", 1, "Debian", "", false },
	{ "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot", 2,
	    "", "bot", true },
	{ "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) "
	    "Chrome/120.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://x)",
	    "Googlebot", 2, "Android", "bot", true },
	{ "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot", 2, "",
	    "bot", true },
	{ "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
	    "+https://openai.com/gptbot)", "GPTBot", 1, "", "bot", true },
	{ "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
	    "FacebookBot", 1, "", "bot", true },
	{ "MysteryBot/3.0", "Other", -1, "", "bot", true },
	{ "Mozilla/5.0 (compatible; thing; +https://thing.example/)", "Other", -1, "", "bot", true },
	{ "my-crawler 1", "Other", -1, "", "bot", true },
	{ "Mozilla/5.0 (Linux; Android 9; CUBOT X20) AppleWebKit/537.36 (KHTML, like Gecko) "
	    "Chrome/90.0.1.1 Mobile Safari/537.36", "Chrome Mobile", 90, "Android", "phone", false },
	{ WINDOWS "HeadlessChrome/120.0.0.0 Safari/537.36", "HeadlessChrome", 120, "Windows", "bot",
	    true },
	{ "Tiny Tiny RSS/21.05 (https://tt-rss.org/)", "Tiny Tiny RSS", 21, "", "", false },
	{ "Feedly/1.0 (poller)", "Feedly", 1, "", "", false },
	{ "MyApp/3.1 (uid=88231177; Bearer eyJhbGciOiJIUzI1NiJ9.e30.x)", "Other", -1, "", "", false },
	{ "Mozilla/5.0 [FBAN/FBIOS;FBDV/iPhone12,1;FBSN/iOS;IDFA/EA7583CD-A667-48BC-B806]",
	    "Facebook", -1, "iOS", "phone", false },
	{ "Chrome/20231201", "Chrome", -1, "", "", false },
	{ "Chrome/", "Chrome", -1, "", "", false },
	{ "bob.k@example.org", "Other", -1, "", "", false },
	{ "\xff\xfe\x80", "Other", -1, "", "", false },
};

/* What the cache says; its line is what the encoder makes of the fields. */
static const struct detect_agent *
cached(struct detect_agent_cache *c, struct span text)
{
	const struct detect_agent_entry *entry;
	uint64_t name[2];
	char line[RECORD_AGENT_BYTES];
	struct record r;

	detect_agent_name(c, text, name);
	entry = detect_agent_cached(c, text, name);
	record_clear(&r);
	detect_agent_put(&entry->agent, &r);
	assert_int_equal(entry->line_len, record_encode_agent(&r, line));
	assert_memory_equal(entry->line, line, sizeof(line));
	assert_true(entry->line_len > 0);
	return (&entry->agent);
}

static void
check(const char *text, const struct detect_agent *a, size_t i)
{
	if (!span_is(a->family, rows[i].family) || a->major != rows[i].major ||
	    !span_is(a->os, rows[i].os) || !span_is(a->device, rows[i].device) ||
	    a->bot != rows[i].bot)
		fail_msg("%s: %.*s %d %.*s %.*s %d", text, (int)a->family.len, a->family.ptr, a->major,
		    (int)a->os.len, a->os.ptr, (int)a->device.len, a->device.ptr, (int)a->bot);
}

static void
agents(void **state)
{
	struct detect_agent_cache *c;
	struct detect_agent agent;

	assert_int_equal(detect_agent_cache_open(&c), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		detect_agent_read(c, span_str(rows[i].text), &agent);
		check(rows[i].text, &agent, i);
	}
	detect_agent_cache_close(c);
}

static void
cache_says_the_same(void **state)
{
	struct detect_agent_cache *c;

	assert_int_equal(detect_agent_cache_open(&c), 0);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			check(rows[i].text, cached(c, span_str(rows[i].text)), i);
	detect_agent_cache_close(c);
	detect_agent_cache_close(NULL);
}

static void
allowed_families(void **state)
{
	static const struct {
		const char *text, *family;
		int major;
	} seen[] = {
		{ "MyApp/3.1 (uid=88231177)", "MyApp", 3 },
		{ "MyApp", "Other", -1 },
		{ "myapp/3.1", "Other", -1 },
		{ "MyApp/3.1 okhttp/4.12", "MyApp", 3 },
		{ "okhttp/4.12 MyApp/7", "MyApp", 7 },
		{ "Mozilla/5.0 (compatible; ExampleBot/2.0)", "ExampleBot", 2 },
	};
	struct detect_agent_cache *c;
	char name[16];

	assert_int_equal(detect_agent_cache_open(&c), 0);
	assert_int_equal(detect_agent_allow(c, span_str("MyApp")), 0);
	assert_int_equal(detect_agent_allow(c, span_str("ExampleBot")), 0);
	assert_int_equal(detect_agent_allow(c, span_str("")), -1);
	assert_int_equal(detect_agent_allow(c, span_str("1App")), -1);
	assert_int_equal(detect_agent_allow(c, span_str("My App")), -1);
	assert_int_equal(detect_agent_allow(c, span_str("a23456789012345678901234567890123")), -1);
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		const struct detect_agent *a = cached(c, span_str(seen[i].text));

		if (!span_is(a->family, seen[i].family) || a->major != seen[i].major)
			fail_msg("%s: %.*s %d", seen[i].text, (int)a->family.len, a->family.ptr,
			    a->major);
	}
	for (int i = 2; i < DETECT_AGENT_ALLOWED_MAX; i++) {
		(void)snprintf(name, sizeof(name), "A%d", i);
		assert_int_equal(detect_agent_allow(c, span_str(name)), 0);
	}
	assert_int_equal(detect_agent_allow(c, span_str("Last")), -1);
	detect_agent_cache_close(c);
}

static void
long_texts_are_cut(void **state)
{
	static char text[600];
	struct detect_agent_cache *c;
	struct detect_agent agent;

	memset(text, ' ', sizeof(text));
	memcpy(text + 520, "Firefox/128.0", 13);
	assert_int_equal(detect_agent_cache_open(&c), 0);
	detect_agent_read(c, span_of(text, sizeof(text)), &agent);
	assert_true(span_is(agent.family, "Other"));
	detect_agent_cache_close(c);
}

/* Binary search needs order. */
static void
table_is_sorted(void **state)
{
	static const char *const words[] = {
#define AGENT(word, kind, family, version) word,
#define SYSTEM(word, rank, os, device) word,
#define DEVICE(word, device) word,
#include "detect/agents.def"
#undef AGENT
#undef SYSTEM
#undef DEVICE
	};

	for (size_t i = 1; i < sizeof(words) / sizeof(words[0]); i++)
		assert_true(strcmp(words[i - 1], words[i]) < 0);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (const char *p = words[i]; *p != '\0'; p++)
			assert_false(*p >= 'A' && *p <= 'Z');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agents),
		cmocka_unit_test(cache_says_the_same),
		cmocka_unit_test(allowed_families),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(table_is_sorted),
	};

	if (crypto_start(NULL) == -1)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
