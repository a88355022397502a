/* config: typed values.  A row of the table names the type; here is what each means. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "config/fill.h"
#include "config/maps/maps.h"
#include "key/sealkey.h"
#include "parse/named/zone.h"
#include "parse/parse.h"
#include "parse/string/string.h"

struct value {
	struct config_loader *l;
	const struct config_option *option;
	const char *name;
	struct config_mark at;
	char text[PARSE_STRING_BYTES + 1]; /* of format strings; of all others CONFIG_TEXT_BYTES */
};

static struct span
text_of(const struct value *v)
{
	return (span_str(v->text));
}

#define PERIOD_BYTES_MIN ((uint64_t)1 << 20)

/* Relative paths of a file start where the file is. */
static int
join(const struct value *v, char out[static CONFIG_PATH_BYTES])
{
	const char *file = v->l->sources[v->at.file].path;
	const char *slash = v->l->may_include ? strrchr(file, '/') : NULL;
	size_t len = v->text[0] == '/' || slash == NULL ? 0 : (size_t)(slash + 1 - file);

	if (len + strlen(v->text) >= CONFIG_PATH_BYTES) {
		config_say(v->l, v->at, "%s: the whole path is longer than %d bytes", v->name,
		    CONFIG_PATH_BYTES - 1);
		return (-1);
	}
	memcpy(out, file, len);
	memcpy(out + len, v->text, strlen(v->text) + 1);
	return (0);
}

static void
set_path(struct value *v, void *to)
{
	_Static_assert(CONFIG_TEXT_BYTES <= CONFIG_PATH_BYTES, "every text fits a path");
	_Static_assert(CONFIG_TEXT_BYTES <= PARSE_STRING_BYTES, "a value has room for it");
	memset(to, 0, CONFIG_PATH_BYTES);
	memcpy(to, v->text, strlen(v->text));
}

static void
set_route(struct value *v, void *to)
{
	char path[CONFIG_PATH_BYTES] = { 0 };

	if (join(v, path) == 0)
		memcpy(to, path, sizeof(path));
}

static void
set_include(struct value *v, void *to)
{
	(void)to;
	if (!v->l->may_include) {
		config_say(v->l, v->at, "include is not possible here");
		return;
	}
	if (join(v, v->l->include) == 0)
		v->l->include_mark = v->at;
	else
		v->l->include[0] = '\0';
}

/* Which is known to be shorter than there is room for. */
static void
put_name(char to[static CONFIG_NAME_BYTES], const char *name)
{
	memset(to, 0, CONFIG_NAME_BYTES);
	memcpy(to, name, strnlen(name, CONFIG_NAME_BYTES - 1));
}

static void
set_name(struct value *v, void *to)
{
	size_t len = strlen(v->text);
	bool good = len < CONFIG_NAME_BYTES && isalnum((unsigned char)v->text[0]);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)v->text[i];

		good = good && c < 0x80 && (isalnum(c) || strchr("._-", c) != NULL);
	}
	if (!good) {
		config_say(v->l, v->at, "%s must be 1 to %d letters, digits and . _ -", v->name,
		    CONFIG_NAME_BYTES - 1);
		return;
	}
	put_name(to, v->text);
}

static void
set_format(struct value *v, void *to)
{
	const struct parse_format *format = parse_format_find(text_of(v));
	struct buf names = { 0 };

	if (format != NULL || strcmp(v->text, "auto") == 0) {
		put_name(to, format != NULL ? format->name : "auto");
		return;
	}
	config_say(v->l, v->at, "%s: there is no such format", v->name);
	buf_str(&names, "auto");
	for (size_t i = 0; i < parse_format_count; i++)
		buf_fmt(&names, " %s", parse_formats[i].name);
	if (buf_ok(&names)) {
		config_hint(v->l, "one of: %s", names.data);
		config_hint_near(v->l, text_of(v), names.data);
	}
	buf_free(&names);
}

/* Whose it is may be said behind it: it must be good for somebody. */
static void
set_format_string(struct value *v, void *to)
{
	struct parse_string *made = NULL;
	struct err first, e;

	for (int d = PARSE_STRING_AUTO; made == NULL && d < PARSE_STRING_DIALECT_COUNT; d++)
		(void)parse_string_compile(text_of(v), (enum parse_string_dialect)d, &made,
		    d == PARSE_STRING_AUTO ? &first : &e);
	if (made == NULL)
		config_say(v->l, v->at, "%s: %s", v->name, first.text);
	else
		memcpy(to, v->text, strlen(v->text) + 1);
	parse_string_free(made);
}

static void
set_zone(struct value *v, void *to)
{
	struct parse_zone zone;

	if (text_of(v).len >= CONFIG_NAME_BYTES || parse_zone_load(text_of(v), &zone) == -1)
		config_say(v->l, v->at, "%s: there is no such time zone here", v->name);
	else
		put_name(to, v->text);
}

static void
set_period(struct value *v, void *to)
{
	static const char words[] = "never daily weekly monthly";
	uint64_t bytes = 0;
	struct span word;

	for (unsigned i = 0; (word = config_word(words, i)).len > 0; i++)
		if (span_equal(word, text_of(v)))
			bytes = PERIOD_BYTES_MIN;
	if (bytes == 0)
		(void)num_size(text_of(v), &bytes);
	if (bytes >= PERIOD_BYTES_MIN && text_of(v).len < CONFIG_NAME_BYTES) {
		put_name(to, v->text);
		return;
	}
	config_say(v->l, v->at, "%s must be a period", v->name);
	config_hint(v->l, "one of: %s, or a size from 1M", words);
	config_hint_near(v->l, text_of(v), words);
}

/* A key with a slip in it would lose what is sealed to it. */
static void
set_seal_key(struct value *v, void *to)
{
	unsigned char public_key[32];

	_Static_assert(CONFIG_SEAL_BYTES >= KEY_SEAL_TEXT_BYTES, "a key fits");
	if (key_seal_parse(text_of(v), public_key) == -1) {
		config_say(v->l, v->at, "%s must be a public key, cretula-seal+...", v->name);
		config_hint(v->l, "cretula key pair makes one, and prints the line for this file");
		return;
	}
	memset(to, 0, CONFIG_SEAL_BYTES);
	memcpy(to, v->text, strlen(v->text));
}

/* The index of the choice; -1: said. */
static int
choose(struct value *v)
{
	struct buf list = { 0 };

	for (unsigned i = 0;; i++) {
		struct span word = config_word(v->option->choices, i);

		if (word.len == 0)
			break;
		if (span_equal(word, text_of(v))) {
			buf_free(&list);
			return ((int)i);
		}
		buf_fmt(&list, "%s\"%.*s\"", i == 0 ? "" : " or ", (int)word.len, word.ptr);
	}
	config_say(v->l, v->at, "%s must be %s", v->name, buf_ok(&list) ? list.data : "another");
	config_hint_near(v->l, text_of(v), v->option->choices);
	buf_free(&list);
	return (-1);
}

static void
set_choice(struct value *v, void *to)
{
	int choice = choose(v);
	unsigned stored = (unsigned)choice;

	if (choice != -1)
		memcpy(to, &stored, sizeof(stored));
}

static void
set_switch(struct value *v, void *to)
{
	int choice = choose(v);

	if (choice != -1)
		*(bool *)to = choice == 1;
}

/* A number in range; kind says what to write. */
static int
number(struct value *v, int rc, uint64_t n, const char *kind, const char *hint)
{
	const struct config_option *o = v->option;
	struct buf range = { 0 };

	if (rc == 0 && n >= o->min && n <= o->max)
		return (0);
	config_print_amount(o->type, o->min, &range);
	buf_str(&range, " to ");
	config_print_amount(o->type, o->max, &range);
	config_say(
	    v->l, v->at, "%s must be %s from %s", v->name, kind, buf_ok(&range) ? range.data : "");
	if (rc == -1 && hint != NULL)
		config_hint(v->l, "%s", hint);
	buf_free(&range);
	return (-1);
}

static void
set_count(struct value *v, void *to)
{
	uint64_t n = 0;
	int rc = num_u64(text_of(v), &n);

	if (number(v, rc, n, "a whole number", NULL) == 0)
		*(unsigned *)to = (unsigned)n;
}

static void
set_size(struct value *v, void *to)
{
	bool rate = v->option->type == CONFIG_RATE;
	uint64_t n = 0;
	int rc = (rate ? num_rate : num_size)(text_of(v), &n);

	if (number(v, rc, n, rate ? "a rate" : "a size",
		rate ? "rates are whole numbers a second: 200000/s" :
		       "sizes are whole numbers of bytes, K, M, G or T: 64K") == 0)
		*(uint64_t *)to = n;
}

static void
set_share(struct value *v, void *to)
{
	struct span text = text_of(v);
	uint64_t n = 0;
	int rc = -1;

	if (text.len > 0 && text.ptr[text.len - 1] == '%')
		rc = num_u64(span_of(text.ptr, text.len - 1), &n);
	if (number(v, rc, n, "a share", "shares are whole numbers of percent: 10%") == 0)
		*(uint64_t *)to = n;
}

static void
set_duration(struct value *v, void *to)
{
	int64_t us = 0;
	int rc = num_duration(text_of(v), &us);

	if (number(v, rc, (uint64_t)us, "a duration",
		"durations have a unit: 500ms 30s 5m 12h 7d 2w 1y") == 0)
		*(int64_t *)to = us;
}

static void
set_network(struct value *v, void *to)
{
	struct mask_network net;
	unsigned least;

	if (mask_network_parse(text_of(v), &net) == -1) {
		config_say(v->l, v->at,
		    "%s must be networks, such as 192.0.2.0/24 or 2001:db8::/32", v->name);
		return;
	}
	least = (unsigned)(net.len == 4 ? v->option->min : v->option->max);
	if (net.bits < least) {
		config_say(v->l, v->at, "%s: a network this large has strangers in it", v->name);
		config_hint(v->l, "IPv4 from /%u, IPv6 from /%u", (unsigned)v->option->min,
		    (unsigned)v->option->max);
		return;
	}
	memcpy(to, &net, sizeof(net));
}

static void
set_word(struct value *v, void *to)
{
	size_t len = strlen(v->text);

	if (len >= MASK_NAME_BYTES || strchr(v->text, ' ') != NULL) {
		config_say(v->l, v->at, "%s must be names of 1 to %d bytes without blanks", v->name,
		    MASK_NAME_BYTES - 1);
		return;
	}
	memset(to, 0, MASK_NAME_BYTES);
	memcpy(to, v->text, len);
}

static void
set_host(struct value *v, void *to)
{
	size_t len = strlen(v->text);
	bool good = len < MASK_NAME_BYTES && v->text[0] != '.' && v->text[len - 1] != '.';

	/* Hosts are compared in lower case, without port and final dot. */
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)v->text[i];

		good = good && c < 0x80 && (isalnum(c) || strchr("._-", c) != NULL);
		v->text[i] = (char)tolower(c);
	}
	if (good) {
		memset(to, 0, MASK_NAME_BYTES);
		memcpy(to, v->text, len);
		return;
	}
	config_say(
	    v->l, v->at, "%s must be host names of at most %d bytes", v->name, MASK_NAME_BYTES - 1);
	config_hint(v->l, "without scheme, port, path and wildcard; other letters as xn--");
}

/* "*" would keep every user, and "a*" every twentieth. */
static void
set_machine(struct value *v, void *to)
{
	size_t star = span_find(text_of(v), '*');

	if (v->text[star] == '*' && (star < 3 || v->text[star + 1] != '\0')) {
		config_say(
		    v->l, v->at, "%s: a * stands at the end, behind 3 characters or more", v->name);
		config_hint(v->l, "for example system:*");
		return;
	}
	set_word(v, to);
}

/* As detect_agent_allow wants it. */
static void
set_agent(struct value *v, void *to)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
			  more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789_-";
	size_t len = strlen(v->text);

	if (len > 31 || strspn(v->text, letters) == 0 || strspn(v->text, more) != len) {
		config_say(
		    v->l, v->at, "%s must be names of 1 to 31 letters, digits, _ or -", v->name);
		return;
	}
	set_word(v, to);
}

static void
set_input(struct value *v, void *to)
{
	config_value_input(v->l, v->at, v->option, v->text, to);
}

static void
set_listen(struct value *v, void *to)
{
	config_value_listen(v->l, v->at, v->name, v->text, to);
}

static void
set_hash(struct value *v, void *to)
{
	config_value_hash(v->l, v->at, v->name, v->text, to);
}

static void
set_field(struct value *v, void *to)
{
	config_value_field(v->l, v->at, v->text, to);
}

static void
set_vkey(struct value *v, void *to)
{
	config_value_vkey(v->l, v->at, v->text, to);
}

static const struct {
	void (*set)(struct value *v, void *to);
	size_t item_bytes; /* of a list; 0 if it is none */
	unsigned items_max;
} types[CONFIG_TYPE_COUNT] = {
	/* Not here: what config_map_list and the config_*_set of whole maps read. */
	[CONFIG_AGENTS] = { set_agent, MASK_NAME_BYTES, MASK_NAMES_MAX },
	[CONFIG_CHOICE] = { set_choice, 0, 0 },
	[CONFIG_COUNT] = { set_count, 0, 0 },
	[CONFIG_DURATION] = { set_duration, 0, 0 },
	[CONFIG_FIELD_NAMES] = { set_field, MASK_NAME_BYTES, MASK_NAMES_MAX },
	[CONFIG_FILE] = { set_route, 0, 0 },
	[CONFIG_FORMAT] = { set_format, 0, 0 },
	[CONFIG_FORMAT_STRING] = { set_format_string, 0, 0 },
	[CONFIG_HASH] = { set_hash, 0, 0 },
	[CONFIG_HOSTS] = { set_host, MASK_NAME_BYTES, MASK_NAMES_MAX },
	[CONFIG_INPUT] = { set_input, 0, 0 },
	[CONFIG_LISTEN] = { set_listen, 0, 0 },
	[CONFIG_INCLUDE] = { set_include, 0, 0 },
	[CONFIG_MACHINES] = { set_machine, MASK_NAME_BYTES, MASK_NAMES_MAX },
	[CONFIG_NAME] = { set_name, 0, 0 },
	[CONFIG_NAMES] = { set_word, MASK_NAME_BYTES, MASK_NAMES_MAX },
	[CONFIG_NETWORKS] = { set_network, sizeof(struct mask_network), MASK_NETWORKS_MAX },
	[CONFIG_PATH] = { set_path, 0, 0 },
	[CONFIG_PATHS] = { set_route, CONFIG_PATH_BYTES, CONFIG_ROUTES_MAX },
	[CONFIG_PERIOD] = { set_period, 0, 0 },
	[CONFIG_VKEYS] = { set_vkey, SEAL_VKEY_TEXT_BYTES, CONFIG_APPROVERS_MAX },
	[CONFIG_ZONE] = { set_zone, 0, 0 },
	[CONFIG_SEAL_KEY] = { set_seal_key, 0, 0 },
	[CONFIG_RATE] = { set_size, 0, 0 },
	[CONFIG_SHARE] = { set_share, 0, 0 },
	[CONFIG_SIZE] = { set_size, 0, 0 },
	[CONFIG_SWITCH] = { set_switch, 0, 0 },
};

static void
set_one(struct value *v, const struct config_node *node, void *to)
{
	size_t size = v->option->type == CONFIG_FORMAT_STRING ? sizeof(v->text) : CONFIG_TEXT_BYTES;

	v->at = node->mark;
	if (!node->broken && config_text_of(v->l, node, v->name, v->text, size) == 0)
		types[v->option->type].set(v, to);
}

void
config_value_set(struct config_loader *l, const struct config_option *o,
    const struct config_node *node, void *to)
{
	struct value v = { .l = l, .option = o, .name = config_option_name(o) };
	const struct config_map_list *maps = config_map_list(o->type);
	size_t bytes = maps != NULL ? maps->item_bytes : types[o->type].item_bytes;
	unsigned most = maps != NULL ? maps->items_max : types[o->type].items_max;
	unsigned *count = (unsigned *)(void *)((char *)to + o->count_offset);
	char *place = (char *)to + o->offset;

	if (bytes == 0) {
		set_one(&v, node, place);
		return;
	}
	if (node->kind != CONFIG_LIST) {
		if (config_node_empty(node))
			return;
		config_say(l, node->mark, "%s must be a list", v.name);
		config_hint(l, "write [ one, two ], or one a line behind \"- \"");
		return;
	}
	for (const struct config_node *n = node->first; n != NULL; n = n->next) {
		if (*count == most) {
			config_say(l, n->mark, "%s has more than %u items", v.name, *count);
			return;
		}
		if (maps != NULL)
			maps->set(l, n, place + (*count)++ * bytes);
		else
			set_one(&v, n, place + (*count)++ * bytes);
	}
}
