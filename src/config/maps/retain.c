/* retain: terms that contradict each other, or the text of a preset. */
#include "base/err.h"
#include "config/maps/maps.h"

static const struct config_node *
find_key(const struct config_node *map, const char *name)
{
	for (const struct config_node *n = map->first; n != NULL; n = n->next)
		if (span_is(n->text, name) && n->value != NULL)
			return (n);
	return (NULL);
}

/* An archive that is made nowhere keeps nothing. */
static int
check(const struct config_stream *stream, enum retain_tier *blamed, struct err *e)
{
	struct retain_policy without = stream->retain;

	if (retain_policy_check(&stream->retain, blamed, e) == -1)
		return (-1);
	if (stream->archive.to[0] != '\0')
		return (0);
	without.term_us[RETAIN_ARCHIVE] = 0;
	if (retain_policy_check(&without, blamed, e) == 0)
		return (0);
	*blamed = RETAIN_ARCHIVE;
	return (err_set(e, ERR_CONFIG,
	    "archive: the preset %s needs it, and `archive: { to: DIR }` is not said",
	    retain_presets[without.preset].name));
}

void
config_retain_check(struct config_loader *l, const struct config_node *stream_map,
    const struct config_stream *stream)
{
	const struct config_node *map = find_key(stream_map, "retain"), *key;
	enum retain_tier blamed;
	struct err e;

	if (map == NULL || map->value->broken || map->value->kind != CONFIG_MAP ||
	    check(stream, &blamed, &e) == 0)
		return;
	map = map->value;
	/* The caret goes below what was said of it, else below what gave it its term. */
	if ((key = find_key(map, retain_tier_names[blamed])) == NULL)
		key = find_key(map, "preset");
	config_say(l, key == NULL ? map->mark : key->value->mark, "%s", e.text);
}

static void
explain_tier(const struct retain_policy *policy, enum retain_tier tier, struct buf *out)
{
	const struct retain_bounds *bounds = &retain_presets[policy->preset].tiers[tier];

	if (bounds->given_us == 0 && bounds->min_us == 0 && bounds->max_us == 0)
		return;
	buf_fmt(out, "; %s ", retain_tier_names[tier]);
	retain_print_term(retain_term(policy, tier), out);
	if (bounds->min_us != 0) {
		buf_str(out, ", at least ");
		retain_print_term(bounds->min_us, out);
	}
	if (bounds->max_us != 0) {
		buf_str(out, ", at most ");
		retain_print_term(bounds->max_us, out);
	}
}

void
config_retain_explain(struct buf *out)
{
	buf_str(out, "\nPresets of retain:, what they follow and which terms they give\n");
	for (unsigned i = 0; i < retain_preset_count; i++) {
		const struct retain_preset *preset = &retain_presets[i];
		const struct retain_policy policy = { .preset = i };

		buf_fmt(out, "  %-11s %s", preset->name, preset->text);
		for (unsigned tier = 0; tier < RETAIN_TIER_COUNT; tier++)
			explain_tier(&policy, (enum retain_tier)tier, out);
		if (preset->kept_min_us != 0) {
			buf_str(out, "; detail or archive at least ");
			retain_print_term(preset->kept_min_us, out);
		}
		buf_char(out, '\n');
	}
}
