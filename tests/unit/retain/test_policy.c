/* Terms: what is in force, and what cannot be kept at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "retain/retain.h"

static unsigned
preset(const char *name)
{
	for (unsigned i = 0; i < retain_preset_count; i++)
		if (strcmp(retain_presets[i].name, name) == 0)
			return (i);
	fail_msg("no preset %s", name);
	return (0);
}

/* "detail=30d archive=1y", into a policy. */
static void
set_terms(struct retain_policy *policy, const char *text)
{
	char copy[200], *rest = copy, *word;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")) != NULL) {
		char *term = strchr(word, '=');
		unsigned tier = 0;

		if (term == NULL)
			continue;
		*term++ = '\0';
		while (strcmp(retain_tier_names[tier], word) != 0)
			assert_true(++tier < RETAIN_TIER_COUNT);
		assert_int_equal(num_duration(span_str(term), &policy->term_us[tier]), 0);
	}
}

static void
terms_that_are_not_said(void **state)
{
	static const struct {
		const char *claim, *preset, *terms;
		const char
		    *want[RETAIN_TIER_COUNT]; /* access aggregates archive detail quarantine */
	} rows[] = {
		{ "nothing said is 90 days", "none", "",
		    { "365d", "for good", "0d", "90d", "90d" } },
		{ "a preset of days is of the detail", "30d", "",
		    { "365d", "for good", "0d", "30d", "30d" } },
		{ "what is said wins", "30d", "detail=2w quarantine=36h access=40d",
		    { "40d", "for good", "0d", "14d", "36h" } },
		{ "sealed lines go with the detail", "none", "detail=1y",
		    { "365d", "for good", "0d", "365d", "365d" } },
		{ "six months are the longest six months", "cnil", "",
		    { "365d", "for good", "0d", "184d", "184d" } },
		{ "twelve months may have a leap day", "pci-dss", "",
		    { "366d", "for good", "0d", "366d", "366d" } },
		{ "six years may have two", "hipaa", "",
		    { "2192d", "for good", "0d", "2192d", "2192d" } },
		{ "a standard without a figure leaves detail as it is", "iso-27001", "",
		    { "365d", "1095d", "0d", "90d", "90d" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct retain_policy policy = { .preset = preset(rows[i].preset) };
		struct buf text = { 0 };

		set_terms(&policy, rows[i].terms);
		for (unsigned tier = 0; tier < RETAIN_TIER_COUNT; tier++) {
			buf_clear(&text);
			retain_print_term(retain_term(&policy, (enum retain_tier)tier), &text);
			if (strcmp(text.data, rows[i].want[tier]) != 0)
				fail_msg("%s: %s is %s, not %s", rows[i].claim,
				    retain_tier_names[tier], text.data, rows[i].want[tier]);
		}
		buf_free(&text);
	}
}

static void
contradictions(void **state)
{
	static const struct {
		const char *claim, *preset, *terms;
		int blamed; /* -1: good */
		const char *says;
	} rows[] = {
		{ "nothing said is good", "none", "", -1, "" },
		{ "a sealed line cannot outlive its record", "none", "detail=30d quarantine=31d",
		    RETAIN_QUARANTINE,
		    "detail: shorter than quarantine: a sealed line is in its record and goes "
		    "with it" },
		{ "it may go with it", "none", "detail=30d quarantine=30d", -1, "" },
		{ "nor one of 90 days a preset's record of 30", "30d", "quarantine=90d",
		    RETAIN_QUARANTINE, "detail: shorter than quarantine" },
		{ "an archive lives longer than the detail", "none", "detail=1y archive=30d",
		    RETAIN_ARCHIVE, "archive: shorter than detail" },
		{ "counts live as long as what can be counted again", "none",
		    "detail=90d aggregates=89d", RETAIN_AGGREGATES,
		    "aggregates: shorter than detail" },
		{ "twelve months of 365 days are twelve months", "pci-dss", "detail=1y", -1, "" },
		{ "less is not", "pci-dss", "detail=364d", RETAIN_DETAIL,
		    "detail: neither it nor an archive has the 365d of the preset pci-dss (PCI "
		    "DSS 4.0 10.5.1" },
		{ "unless an archive has them", "pci-dss", "detail=90d archive=1y", -1, "" },
		{ "but three are at hand", "pci-dss", "detail=89d archive=1y", RETAIN_DETAIL,
		    "detail: shorter than the 90d of the preset pci-dss" },
		{ "who looked stays as long", "pci-dss", "access=90d", RETAIN_ACCESS,
		    "access: shorter than the 365d of the preset pci-dss" },
		{ "CNIL has a most, too", "cnil", "detail=367d", RETAIN_DETAIL,
		    "detail: longer than the 366d of the preset cnil (CNIL, deliberation" },
		{ "and a least", "cnil", "detail=180d", RETAIN_DETAIL,
		    "detail: shorter than the 181d of the preset cnil" },
		{ "six years are six years", "hipaa", "detail=5y", RETAIN_DETAIL,
		    "detail: neither it nor an archive has the 2190d of the preset hipaa" },
		{ "in an archive, too", "hipaa", "detail=30d archive=6y", -1, "" },
		{ "a standard without a figure takes any", "soc-2", "detail=30d", -1, "" },
		{ "what a preset gave can be in the way", "iso-27001", "detail=4y",
		    RETAIN_AGGREGATES, "aggregates: shorter than detail" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct retain_policy policy = { .preset = preset(rows[i].preset) };
		enum retain_tier blamed = RETAIN_TIER_COUNT;
		struct err e = { ERR_NONE, "" };
		int rc;

		set_terms(&policy, rows[i].terms);
		rc = retain_policy_check(&policy, &blamed, &e);
		if (rc != (rows[i].blamed == -1 ? 0 : -1) ||
		    (rc == -1 &&
			((int)blamed != rows[i].blamed || e.code != ERR_CONFIG ||
			    strncmp(e.text, rows[i].says, strlen(rows[i].says)) != 0)))
			fail_msg("%s: %d, %u: %s", rows[i].claim, rc, blamed, e.text);
	}
}

/* By name behind "none", no default outside of its own bounds, the words of the option. */
static void
the_table_of_presets(void **state)
{
	struct buf words = { 0 };

	for (unsigned i = 0; i < retain_preset_count; i++) {
		struct retain_policy policy = { .preset = i };
		enum retain_tier blamed;
		struct err e;

		if (i > 1)
			assert_true(strcmp(retain_presets[i - 1].name, retain_presets[i].name) < 0);
		if (retain_policy_check(&policy, &blamed, &e) == -1)
			fail_msg("%s alone: %s", retain_presets[i].name, e.text);
		buf_fmt(&words, "%s%s", i == 0 ? "" : " ", retain_presets[i].name);
	}
	assert_string_equal(words.data, RETAIN_PRESET_WORDS);
	buf_free(&words);
}

static void
rules(void **state)
{
	struct retain_policy policy = { .preset = preset("pci-dss") };
	struct buf text = { 0 };

	retain_print_rule(&policy, RETAIN_DETAIL, &text);
	assert_string_equal(text.data, "detail 366d pci-dss");
	buf_clear(&text);
	policy = (struct retain_policy){ .term_us = { [RETAIN_DETAIL] = 90 * INT64_C(1000000) } };
	retain_print_rule(&policy, RETAIN_DETAIL, &text);
	assert_string_equal(text.data, "detail 90s");
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_that_are_not_said),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(the_table_of_presets),
		cmocka_unit_test(rules),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
