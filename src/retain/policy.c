/* Terms, and the texts that ask for them. */
#include <string.h>

#include "base/err.h"
#include "retain/retain.h"

#define DAYS(n) ((n)*RETAIN_DAY_US)
#define YEAR DAYS(365)
#define YEAR_LONG DAYS(366)
#define HALF_YEAR DAYS(181)
#define HALF_YEAR_LONG DAYS(184)
#define SIX_YEARS DAYS(6 * 365)
#define SIX_YEARS_LONG DAYS(6 * 365 + 2)

const char *const retain_tier_names[RETAIN_TIER_COUNT] = { "access", "aggregates", "archive",
	"detail", "quarantine" };

#define DETAIL_OF(days) .tiers = { [RETAIN_DETAIL] = { .given_us = DAYS(days) } }

const struct retain_preset retain_presets[] = {
	{ .name = "none", .text = "what is not said has the terms of cretula: detail 90 days" },
	{ .name = "30d", .text = "detail 30 days", DETAIL_OF(30) },
	{ .name = "60d", .text = "detail 60 days", DETAIL_OF(60) },
	{ .name = "90d", .text = "detail 90 days", DETAIL_OF(90) },
	{ .name = "cnil",
	    .text = "CNIL, deliberation 2021-122 of 14 October 2021 on logging: six months to a "
		    "year",
	    .tiers = { [RETAIN_DETAIL] = { HALF_YEAR_LONG, HALF_YEAR, YEAR_LONG },
		[RETAIN_ACCESS] = { YEAR, HALF_YEAR, YEAR_LONG } } },
	{ .name = "hipaa",
	    .text = "HIPAA, 45 CFR 164.316(b)(2)(i): documentation six years, which auditors ask "
		    "of audit logs, too",
	    .tiers = { [RETAIN_DETAIL] = { SIX_YEARS_LONG, 0, 0 },
		[RETAIN_ACCESS] = { SIX_YEARS_LONG, SIX_YEARS, 0 } },
	    .kept_min_us = SIX_YEARS },
	{ .name = "iso-27001",
	    .text = "ISO/IEC 27001:2022 A.8.10: deleted when no longer required; it names no "
		    "figure",
	    .tiers = { [RETAIN_AGGREGATES] = { DAYS(3 * 365), 0, 0 } } },
	{ .name = "pci-dss",
	    .text = "PCI DSS 4.0 10.5.1: twelve months, the most recent three immediately at hand",
	    .tiers = { [RETAIN_DETAIL] = { YEAR_LONG, DAYS(90), 0 },
		[RETAIN_ACCESS] = { YEAR_LONG, YEAR, 0 } },
	    .kept_min_us = YEAR },
	{ .name = "soc-2",
	    .text = "SOC 2 CC6.5, CC7.2: no figure; a year, so that a report period of twelve "
		    "months can be shown",
	    .tiers = { [RETAIN_DETAIL] = { YEAR_LONG, 0, 0 },
		[RETAIN_ACCESS] = { YEAR_LONG, 0, 0 } } },
};
const unsigned retain_preset_count = sizeof(retain_presets) / sizeof(retain_presets[0]);

static const int64_t defaults_us[RETAIN_TIER_COUNT] = {
	[RETAIN_ACCESS] = YEAR, [RETAIN_AGGREGATES] = RETAIN_FOREVER, [RETAIN_DETAIL] = DAYS(90)
};

int64_t
retain_term(const struct retain_policy *policy, enum retain_tier tier)
{
	const struct retain_preset *preset = &retain_presets[policy->preset];

	if (policy->term_us[tier] != 0)
		return (policy->term_us[tier]);
	if (preset->tiers[tier].given_us != 0)
		return (preset->tiers[tier].given_us);
	return (tier == RETAIN_QUARANTINE ? retain_term(policy, RETAIN_DETAIL) : defaults_us[tier]);
}

/* ---- contradictions ---- */

static const char *
term_text(int64_t us, struct buf *out)
{
	buf_clear(out);
	retain_print_term(us, out);
	return (buf_ok(out) ? out->data : "another");
}

static int
check_bounds(const struct retain_policy *policy, enum retain_tier tier, struct err *e)
{
	const struct retain_preset *preset = &retain_presets[policy->preset];
	const struct retain_bounds *bounds = &preset->tiers[tier];
	int64_t term_us = retain_term(policy, tier), bound_us = 0;
	struct buf text = { 0 };

	if (term_us < bounds->min_us)
		bound_us = bounds->min_us;
	else if (bounds->max_us != 0 && term_us > bounds->max_us)
		bound_us = bounds->max_us;
	if (bound_us != 0)
		(void)err_set(e, ERR_CONFIG, "%s: %s %s of the preset %s (%s)",
		    retain_tier_names[tier],
		    bound_us == bounds->min_us ? "shorter than the" : "longer than the",
		    term_text(bound_us, &text), preset->name, preset->text);
	buf_free(&text);
	return (bound_us == 0 ? 0 : -1);
}

static int
check_kept(const struct retain_policy *policy, struct err *e)
{
	const struct retain_preset *preset = &retain_presets[policy->preset];
	struct buf text = { 0 };

	if (retain_term(policy, RETAIN_DETAIL) >= preset->kept_min_us ||
	    retain_term(policy, RETAIN_ARCHIVE) >= preset->kept_min_us)
		return (0);
	(void)err_set(e, ERR_CONFIG,
	    "detail: neither it nor an archive has the %s of the preset %s (%s)",
	    term_text(preset->kept_min_us, &text), preset->name, preset->text);
	buf_free(&text);
	return (-1);
}

/* Pairs of which one makes no sense without the other. */
static const struct {
	enum retain_tier longer, shorter, blamed;
	const char *why;
} order[] = {
	{ RETAIN_ARCHIVE, RETAIN_DETAIL, RETAIN_ARCHIVE,
	    "an archive that goes before the records keeps nothing" },
	{ RETAIN_AGGREGATES, RETAIN_DETAIL, RETAIN_AGGREGATES,
	    "what was counted of records that are there can be counted again" },
	{ RETAIN_DETAIL, RETAIN_QUARANTINE, RETAIN_QUARANTINE,
	    "a sealed line is in its record and goes with it" },
};

int
retain_policy_check(const struct retain_policy *policy, enum retain_tier *blamed, struct err *e)
{
	for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int64_t longer_us = retain_term(policy, order[i].longer);

		if (longer_us == 0 || longer_us >= retain_term(policy, order[i].shorter))
			continue;
		*blamed = order[i].blamed;
		return (err_set(e, ERR_CONFIG, "%s: shorter than %s: %s",
		    retain_tier_names[order[i].longer], retain_tier_names[order[i].shorter],
		    order[i].why));
	}
	for (unsigned i = 0; i < RETAIN_TIER_COUNT; i++) {
		*blamed = (enum retain_tier)i;
		if (check_bounds(policy, *blamed, e) == -1)
			return (-1);
	}
	*blamed = RETAIN_DETAIL;
	if (policy->least_us > retain_term(policy, RETAIN_DETAIL))
		return (err_set(e, ERR_CONFIG,
		    "detail: shorter than least: what the disk may not take early goes earlier"));
	return (check_kept(policy, e));
}

/* ---- texts ---- */

void
retain_print_term(int64_t us, struct buf *out)
{
	int64_t seconds = us / 1000000;

	if (us == RETAIN_FOREVER)
		buf_str(out, "for good");
	else if (us % RETAIN_DAY_US == 0)
		buf_fmt(out, "%jdd", (intmax_t)(us / RETAIN_DAY_US));
	else if (seconds % 3600 == 0)
		buf_fmt(out, "%jdh", (intmax_t)(seconds / 3600));
	else
		buf_fmt(out, "%jds", (intmax_t)seconds);
}

void
retain_print_rule(const struct retain_policy *policy, enum retain_tier tier, struct buf *out)
{
	int64_t term_us = retain_term(policy, tier);

	buf_fmt(out, "%s ", retain_tier_names[tier]);
	retain_print_term(term_us == 0 ? RETAIN_FOREVER : term_us, out);
	if (policy->preset != 0)
		buf_fmt(out, " %s", retain_presets[policy->preset].name);
}
