/* triggers: what raises the detail for a while. */
#include <string.h>

#include "base/num.h"
#include "config/maps/maps.h"
#include "detail/detail.h"

#define SIGNALS "error_burst login_failures" /* as enum detail_signal, but for by_hand */
#define LEVELS "slim full"                   /* as enum detail_level, from 1 */
_Static_assert(DETAIL_ERROR_BURST == 0 && DETAIL_LOGIN_FAILURES == 1, "as in SIGNALS");
_Static_assert(DETAIL_SLIM == 1 && DETAIL_FULL == 2, "as in LEVELS");

#define LEAST_MAX 1000000

enum { WHEN, RAISE, FOR, LEAST, KEY_COUNT };

static void
read_numbers(struct config_loader *l, const struct config_key *keys, struct detail_trigger *t,
    bool *good)
{
	uint64_t least = DETAIL_LEAST;

	if (num_duration(span_str(keys[FOR].text), &t->for_us) == -1 || t->for_us <= 0 ||
	    t->for_us > DETAIL_RAISE_MAX_US) {
		config_say(l, keys[FOR].at, "for must be a duration of at most a day: 30m");
		*good = false;
	}
	if (keys[LEAST].at.line != 0 &&
	    (num_u64(span_str(keys[LEAST].text), &least) == -1 || least == 0 ||
		least > LEAST_MAX)) {
		config_say(l, keys[LEAST].at, "least must be a number of events a minute, from 1");
		*good = false;
	}
	t->least = (unsigned)least;
}

void
config_triggers_set(struct config_loader *l, const struct config_node *map, void *to)
{
	struct config_key keys[KEY_COUNT] = { [WHEN] = { .name = "when" },
		[RAISE] = { .name = "raise" }, [FOR] = { .name = "for" },
		[LEAST] = { .name = "least", .optional = true } };
	struct detail_trigger t = { .when = DETAIL_ERROR_BURST };
	bool good = true;
	int when, level;

	if (config_map_read(l, map, "triggers", keys, KEY_COUNT) == -1)
		return;
	when = config_map_choose(l, &keys[WHEN], SIGNALS);
	level = config_map_choose(l, &keys[RAISE], LEVELS);
	read_numbers(l, keys, &t, &good);
	if (when == -1 || level == -1 || !good)
		return;
	t.when = (enum detail_signal)when;
	t.raise = (enum detail_level)(level + 1);
	memcpy(to, &t, sizeof(t));
}

void
config_triggers_print(const void *from, struct buf *out)
{
	const struct detail_trigger *t = from;

	buf_fmt(out, "{ when: %s, raise: %s, for: ", detail_signal_names[t->when],
	    detail_level_names[t->raise]);
	config_print_amount(CONFIG_DURATION, (uint64_t)t->for_us, out);
	buf_fmt(out, ", least: %u }", t->least);
}

void
config_triggers_schema(struct buf *out)
{
	buf_str(out, "\"type\":\"object\",\"additionalProperties\":false,"
		     "\"required\":[\"when\",\"raise\",\"for\"],\"properties\":{"
		     "\"when\":{\"enum\":[\"error_burst\",\"login_failures\"]},"
		     "\"raise\":{\"enum\":[\"slim\",\"full\"]},\"for\":{\"type\":\"string\"},"
		     "\"least\":{\"type\":\"integer\",\"minimum\":1}}");
}
