#include "detect/agent.h"

#include <stdlib.h>

#include "base/hash.h"
#include "crypto/random.h"
#include "detect/agents/match.h"

#define READ_BYTES 512
#define WORD_BYTES 40
#define NAME_BYTES 32
#define CACHE_SETS 512u /* a power of two */
#define CACHE_WAYS 4u
#define MAJOR_MAX 999

enum kind { BOT, FEED, TOOL, APP, GECKO, CHROME, SAFARI, SYSTEM, DEVICE };
enum version { OWN, VERSION, RV };

struct rule {
	struct span word, name; /* name: family or operating system */
	struct span device;
	uint8_t kind, rank; /* the smallest rank of a sort wins, then the first */
	uint8_t version;
};

static const struct rule rules[] = {
#define AGENT(word, kind, family, version) \
	{ SPAN(word), SPAN(family), SPAN(""), kind, kind, version },
#define SYSTEM(word, rank, os, device) { SPAN(word), SPAN(os), SPAN(device), SYSTEM, rank, OWN },
#define DEVICE(word, device) { SPAN(word), SPAN(""), SPAN(device), DEVICE, 0, OWN },
#include "detect/agents.def"
#undef AGENT
#undef SYSTEM
#undef DEVICE
};

struct allowed {
	char text[DETECT_AGENT_ALLOWED_MAX][NAME_BYTES];
	struct span name[DETECT_AGENT_ALLOWED_MAX];
	size_t count;
};

/* What has been seen of a text so far. */
struct reading {
	const struct rule *family, *system;
	struct span device;
	struct span allowed; /* empty: none */
	int major, version, rv;
	bool bot;
};

static inline bool
is_word(char c)
{
	return ((unsigned char)(c - '0') < 10 || (unsigned char)((c | 0x20) - 'a') < 26 ||
	    c == '_' || c == '-');
}

/* The rule for a word in lower case, or NULL. */
static const struct rule *
rule_find(struct span word)
{
	size_t low = 0, high = sizeof(rules) / sizeof(rules[0]);

	while (low < high) {
		size_t middle = (low + high) / 2;
		struct span row = rules[middle].word;
		int order = span_order(word, row);

		if (order == 0)
			return (&rules[middle]);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (NULL);
}

/* "/120.0", " 10.0" or ":11": the first number of what follows; -1. */
static int
major_at(struct span rest)
{
	int major = 0;
	size_t i = 1, digits;

	if (rest.len < 2 || (rest.ptr[0] != '/' && rest.ptr[0] != ' ' && rest.ptr[0] != ':'))
		return (-1);
	if (rest.ptr[i] == 'v')
		i++;
	for (digits = 0; i < rest.len && (unsigned char)(rest.ptr[i] - '0') < 10; i++, digits++) {
		major = major * 10 + (rest.ptr[i] - '0');
		if (major > MAJOR_MAX)
			return (-1);
	}
	return (digits > 0 ? major : -1);
}

#define STARTS(rest, literal) span_starts(rest, span_of(literal, sizeof(literal) - 1))

/* A crawler by its name; "cubot" makes telephones. */
static bool
sounds_like_bot(struct span word)
{
	for (size_t i = 0; i + 3 <= word.len; i++) {
		struct span rest = span_from(word, i);

		switch (rest.ptr[0]) {
		case 'c':
			if (STARTS(rest, "crawl"))
				return (true);
			break;
		case 's':
			if (STARTS(rest, "spider") || STARTS(rest, "scraper"))
				return (true);
			break;
		case 'm':
			if (STARTS(rest, "monitor"))
				return (true);
			break;
		case '-':
			if (STARTS(rest, "-bot"))
				return (true);
			break;
		case 'b':
			if (STARTS(rest, "bot") && (rest.len == 3 || rest.ptr[3] == '-') &&
			    !span_is(word, "cubot"))
				return (true);
			break;
		default: break;
		}
	}
	return (false);
}

/* "+http": where a crawler says who it is. */
static bool
has_address(struct span text)
{
	for (size_t at; (at = span_find(text, '+')) < text.len; text = span_from(text, at + 1))
		if (STARTS(span_from(text, at), "+http"))
			return (true);
	return (false);
}

/* Tools and apps have everyday names: they must stand as a product does. */
static void
take_rule(struct reading *r, const struct rule *rule, struct span rest)
{
	int major = major_at(rest);

	if (rule->kind == DEVICE) {
		/* A tablet says "Mobile" as well. */
		if (r->device.len == 0 || span_is(r->device, "phone"))
			r->device = rule->device;
	} else if (rule->kind == SYSTEM) {
		if (r->system == NULL || rule->rank < r->system->rank)
			r->system = rule;
	} else if ((r->family == NULL || rule->rank < r->family->rank) &&
	    ((rule->kind != TOOL && rule->kind != APP) || rest.len == 0 || major != -1 ||
		rest.ptr[0] == '/')) {
		r->family = rule;
		if (r->allowed.len == 0)
			r->major = major;
	}
}

/* word: as it stands; rest: what follows it. */
static void
take_word(struct reading *r, struct span word, struct span rest, const struct allowed *allowed)
{
	char text[WORD_BYTES];
	struct span lower = { text, word.len };
	const struct rule *rule;

	if (word.len > sizeof(text))
		return;
	for (size_t i = 0; i < word.len; i++)
		text[i] = (unsigned char)(word.ptr[i] - 'A') < 26 ? (char)(word.ptr[i] + 32) :
								    word.ptr[i];
	for (size_t i = 0; allowed != NULL && i < allowed->count && r->allowed.len == 0; i++)
		if (rest.len > 0 && rest.ptr[0] == '/' && span_equal(word, allowed->name[i])) {
			r->allowed = allowed->name[i];
			r->major = major_at(rest);
		}
	if (span_is(lower, "version"))
		r->version = major_at(rest);
	else if (span_is(lower, "rv"))
		r->rv = major_at(rest);
	else if ((rule = rule_find(lower)) != NULL)
		take_rule(r, rule, rest);
	else if (sounds_like_bot(lower))
		r->bot = true;
}

static struct span
device_of(const struct reading *r, bool bot, bool browser)
{
	static const struct span devices[] = { SPAN("bot"), SPAN("phone"), SPAN("tablet"),
		SPAN("") };

	if (bot)
		return (devices[0]);
	if (r->system != NULL && r->system->kind == SYSTEM && r->system->device.len > 0 &&
	    !span_is(r->system->device, "desktop"))
		return (r->system->device);
	if (r->device.len > 0)
		return (r->device);
	if (r->system == NULL || !browser)
		return (devices[3]);
	/* Android without "Mobile" is a tablet. */
	return (r->system->device.len > 0           ? r->system->device :
		span_is(r->system->name, "Android") ? devices[2] :
						      devices[3]);
}

/* What the words say; families and systems that the rules know better are put over it. */
static void
read_words(struct span text, const struct allowed *allowed, struct detect_agent *agent,
    bool *is_allowed)
{
	static const struct span other = SPAN("Other"), none = SPAN("none");
	struct reading r = { .major = -1, .version = -1, .rv = -1 };
	const struct rule *family;

	*is_allowed = false;
	*agent = (struct detect_agent){
		.family = none, .os = { "", 0 }, .device = { "", 0 }, .major = -1
	};
	if (text.len == 0 || span_is(text, "-"))
		return;
	for (size_t i = 0; i < text.len; i++) {
		size_t start = i;

		while (i < text.len && is_word(text.ptr[i]))
			i++;
		if (i > start)
			take_word(
			    &r, span_of(text.ptr + start, i - start), span_from(text, i), allowed);
	}
	family = r.family;
	agent->bot = (family != NULL && family->kind == BOT) || r.bot ||
	    has_address(text);
	/* A crawler that poses as a browser is none. */
	if (agent->bot && family != NULL && family->kind >= APP)
		family = NULL;
	agent->family = r.allowed.len > 0 ? r.allowed : family != NULL ? family->name : other;
	if (r.allowed.len > 0 || (family != NULL && family->version == OWN))
		agent->major = r.major;
	else if (family != NULL)
		agent->major = family->version == VERSION ? r.version : r.rv;
	if (r.system != NULL)
		agent->os = r.system->name;
	agent->device = device_of(&r, agent->bot, family == NULL || family->kind >= APP);
	*is_allowed = r.allowed.len > 0;
}

/* ---- the cache ---- */

/* Few texts share a set: the names of one are a cache line. */
struct set {
	uint64_t names[CACHE_WAYS][2];
	struct detect_agent_entry entries[CACHE_WAYS]; /* no family: the entry is free */
};

struct detect_agent_cache {
	uint64_t seed[2];
	unsigned turn; /* which way gives way next */
	struct allowed allowed;
	struct detect_agents_memory *rules;
	struct set sets[CACHE_SETS];
};

int
detect_agent_cache_open(struct detect_agent_cache **c)
{
	struct detect_agent_cache *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return (-1);
	if ((made->rules = detect_agents_memory_open()) == NULL) {
		free(made);
		return (-1);
	}
	crypto_random(made->seed, sizeof(made->seed));
	*c = made;
	return (0);
}

void
detect_agent_cache_close(struct detect_agent_cache *c)
{
	if (c == NULL)
		return;
	detect_agents_memory_close(c->rules);
	crypto_wipe(c, sizeof(*c));
	free(c);
}

int
detect_agent_allow(struct detect_agent_cache *c, struct span family)
{
	struct allowed *allowed = &c->allowed;

	if (family.len == 0 || family.len >= NAME_BYTES ||
	    allowed->count == DETECT_AGENT_ALLOWED_MAX ||
	    (unsigned char)((family.ptr[0] | 0x20) - 'a') >= 26)
		return (-1);
	for (size_t i = 0; i < family.len; i++)
		if (!is_word(family.ptr[i]))
			return (-1);
	memcpy(allowed->text[allowed->count], family.ptr, family.len);
	allowed->name[allowed->count] = span_of(allowed->text[allowed->count], family.len);
	allowed->count++;
	return (0);
}

void
detect_agent_put(const struct detect_agent *agent, struct record *r)
{
	record_set_text(r, RECORD_FIELD_AGENT, agent->family);
	if (agent->major >= 0)
		record_set_int(r, RECORD_FIELD_AGENT_MAJOR, agent->major);
	if (agent->os.len > 0)
		record_set_text(r, RECORD_FIELD_OS, agent->os);
	if (agent->device.len > 0)
		record_set_text(r, RECORD_FIELD_DEVICE, agent->device);
	if (agent->bot)
		record_set_int(r, RECORD_FIELD_BOT, 1);
}

void
detect_agent_read(struct detect_agent_cache *c, struct span text, struct detect_agent *agent)
{
	struct detect_agents_found found;
	bool is_allowed;

	if (text.len > READ_BYTES)
		text.len = READ_BYTES;
	read_words(text, &c->allowed, agent, &is_allowed);
	if (span_is(agent->family, "none"))
		return;
	detect_agents_find(c->rules, text, &found);
	if (found.family.len > 0 && !is_allowed) {
		agent->family = found.family;
		agent->major = found.major;
	}
	if (found.os.len > 0)
		agent->os = found.os;
}

static void
fill(struct detect_agent_cache *c, struct span text, struct detect_agent_entry *entry)
{
	struct record r;

	detect_agent_read(c, text, &entry->agent);
	entry->control = false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];

		entry->control |= byte < 0x20 || byte == 0x7f;
	}
	record_clear(&r);
	detect_agent_put(&entry->agent, &r);
	entry->line_len = record_encode_agent(&r, entry->line);
}

static const struct set *
set_of(const struct detect_agent_cache *c, const uint64_t name[static 2])
{
	return (&c->sets[name[0] % CACHE_SETS]);
}

void
detect_agent_name(const struct detect_agent_cache *c, struct span text, uint64_t name[static 2])
{
	hash_wide(text, c->seed, 0, name);
	__builtin_prefetch(set_of(c, name));
}

const struct detect_agent_entry *
detect_agent_cached(struct detect_agent_cache *c, struct span text, const uint64_t name[static 2])
{
	struct set *set = &c->sets[name[0] % CACHE_SETS];
	unsigned way;

	for (way = 0; way < CACHE_WAYS; way++)
		if (set->names[way][0] == name[0] && set->names[way][1] == name[1] &&
		    set->entries[way].agent.family.len > 0)
			return (&set->entries[way]);
	way = c->turn++ % CACHE_WAYS;
	fill(c, text, &set->entries[way]);
	set->names[way][0] = name[0];
	set->names[way][1] = name[1];
	return (&set->entries[way]);
}
