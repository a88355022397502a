/* config: what is in force, as YAML that reads back to the same. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "config/fill.h"
#include "config/maps/maps.h"

static const struct {
	const char *unit;
	uint64_t factor;
} durations[] = {
	{ "w", UINT64_C(604800000000) },
	{ "d", UINT64_C(86400000000) },
	{ "h", UINT64_C(3600000000) },
	{ "m", UINT64_C(60000000) },
	{ "s", UINT64_C(1000000) },
	{ "ms", UINT64_C(1000) },
}, sizes[] = {
	{ "T", UINT64_C(1) << 40 },
	{ "G", UINT64_C(1) << 30 },
	{ "M", UINT64_C(1) << 20 },
	{ "K", UINT64_C(1) << 10 },
};

void
config_print_amount(enum config_type type, uint64_t n, struct buf *out)
{
	for (size_t i = 0; type == CONFIG_DURATION && i < sizeof(durations) / sizeof(durations[0]);
	     i++) {
		if (n % durations[i].factor != 0 || (n == 0 && strcmp(durations[i].unit, "s") != 0))
			continue;
		buf_fmt(out, "%" PRIu64 "%s", n / durations[i].factor, durations[i].unit);
		return;
	}
	for (size_t i = 0; type == CONFIG_SIZE && i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (n == 0 || n % sizes[i].factor != 0)
			continue;
		buf_fmt(out, "%" PRIu64 "%s", n / sizes[i].factor, sizes[i].unit);
		return;
	}
	buf_u64(out, n);
	if (type == CONFIG_RATE)
		buf_str(out, "/s");
	if (type == CONFIG_SHARE)
		buf_char(out, '%');
}

/* Quoted for YAML; "${" would mean the environment. */
void
config_print_quoted(struct buf *out, const char *text)
{
	buf_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_char(out, '\\');
		if (text[0] == '$' && text[1] == '{')
			buf_char(out, '$');
		buf_char(out, *text);
	}
	buf_char(out, '"');
}

/* Without the directory of the file, which reading puts in front of it. */
static void
print_route(const struct config *c, const char *route, struct buf *out)
{
	const char *slash = strrchr(c->path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash + 1 - c->path);

	if (strncmp(route, c->path, len) == 0 && route[len] != '/' && route[len] != '\0')
		route += len;
	config_print_quoted(out, route);
}

static void
print_network(const struct mask_network *net, struct buf *out)
{
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(net->len == 4 ? AF_INET : AF_INET6, net->bytes, text, sizeof(text));
	buf_fmt(out, "\"%s/%u\"", text, net->bits);
}

static void
print_list(const struct config *c, const struct config_option *o, const void *from, struct buf *out)
{
	const char *place = (const char *)from + o->offset;
	unsigned count = *(const unsigned *)(const void *)((const char *)from + o->count_offset);
	const struct config_map_list *maps = config_map_list(o->type);

	buf_char(out, '[');
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			buf_str(out, ", ");
		if (o->type == CONFIG_NETWORKS)
			print_network((const struct mask_network *)(const void *)place + i, out);
		else if (maps != NULL)
			maps->print(place + i * maps->item_bytes, out);
		else if (o->type == CONFIG_VKEYS)
			config_print_quoted(out, place + (size_t)i * SEAL_VKEY_TEXT_BYTES);
		else if (o->type == CONFIG_PATHS)
			print_route(c, place + (size_t)i * CONFIG_PATH_BYTES, out);
		else
			config_print_quoted(out, place + (size_t)i * MASK_NAME_BYTES);
	}
	buf_char(out, ']');
}

static void
print_input(const struct input_place *place, struct buf *out)
{
	char text[INPUT_TEXT_BYTES];

	input_place_print(place, text);
	config_print_quoted(out, strchr(text, ':') + 1);
}

static void
print_value(
    const struct config *c, const struct config_option *o, const void *from, struct buf *out)
{
	const char *place = (const char *)from + o->offset;
	struct span word;

	switch (o->type) {
	case CONFIG_CHOICE:
		word = config_word(o->choices, *(const unsigned *)(const void *)place);
		buf_span(out, word);
		break;
	case CONFIG_COUNT: buf_u64(out, *(const unsigned *)(const void *)place); break;
	case CONFIG_DURATION:
		config_print_amount(
		    o->type, (uint64_t) * (const int64_t *)(const void *)place, out);
		break;
	case CONFIG_RATE:
	case CONFIG_SHARE:
	case CONFIG_SIZE:
		config_print_amount(o->type, *(const uint64_t *)(const void *)place, out);
		break;
	case CONFIG_SWITCH:
		buf_span(out, config_word(o->choices, *(const bool *)place ? 1 : 0));
		break;
	case CONFIG_INPUT: print_input((const struct input_place *)(const void *)place, out); break;
	case CONFIG_FILE: print_route(c, place, out); break;
	case CONFIG_FORMAT:
	case CONFIG_FORMAT_STRING:
	case CONFIG_HASH:
	case CONFIG_LISTEN:
	case CONFIG_NAME:
	case CONFIG_PERIOD:
	case CONFIG_SEAL_KEY:
	case CONFIG_ZONE:
	case CONFIG_PATH: config_print_quoted(out, place); break;
	default: print_list(c, o, from, out);
	}
}

/* Every class but the one that is a map of its own. */
static void
print_methods(const struct mask_policy *p, int indent, struct buf *out)
{
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++)
		if (i != RECORD_CLASS_AGENT)
			buf_fmt(out, "%*s%s: %s\n", indent, "", record_classes[i].name,
			    mask_method_names[p->method[i]]);
}

static void
print_epochs(const struct mask_policy *p, int indent, struct buf *out)
{
	for (int i = RECORD_CLASS_NONE + 1; i < RECORD_CLASS_COUNT; i++)
		if (record_classes[i].prefix[0] != '\0')
			buf_fmt(out, "%*s%s: %s\n", indent, "", record_classes[i].name,
			    mask_period_names[p->epoch[i]]);
}

/* Of all its kinds only the one that it is. */
static bool
is_input(const struct config_option *o, const void *from)
{
	const char *kind = strrchr(o->path, '.') + 1;
	char text[INPUT_TEXT_BYTES];

	input_place_print(&((const struct config_stream *)from)->input, text);
	return (strncmp(text, kind, strlen(kind)) == 0 && text[strlen(kind)] == ':');
}

static bool
is_said(const struct config_option *o, const void *from)
{
	if (o->type == CONFIG_INCLUDE)
		return (false); /* what it said is here */
	if (o->type == CONFIG_INPUT)
		return (is_input(o, from));
	/* A term that has no default is none if nobody gave it. */
	if (o->type == CONFIG_DURATION && o->fallback[0] == '\0')
		return (*(const int64_t *)(const void *)((const char *)from + o->offset) != 0);
	return (
	    (o->type != CONFIG_FILE && o->type != CONFIG_FORMAT_STRING && o->type != CONFIG_HASH &&
		o->type != CONFIG_LISTEN && o->type != CONFIG_NAME && o->type != CONFIG_PATH &&
		o->type != CONFIG_SEAL_KEY && o->type != CONFIG_ZONE) ||
	    *((const char *)from + o->offset) != '\0');
}

/* One level of the table; from is the struct config or a stream of it. */
static void
print_group(
    const struct config *c, const char *group, const void *from, int indent, struct buf *out)
{
	struct config_child child;
	size_t at = 0;

	while (config_option_next(group, &at, &child)) {
		if (strcmp(child.path, "streams.*") == 0) {
			for (unsigned i = 0; i < c->stream_count; i++) {
				buf_fmt(out, "%*s%s:\n", indent, "", c->streams[i].name);
				print_group(c, child.path, &c->streams[i], indent + 2, out);
			}
			continue;
		}
		if (strcmp(child.path, "roles.*") == 0) {
			for (unsigned i = 0; i < c->role_count; i++) {
				buf_fmt(out, "%*s%s:\n", indent, "", c->roles[i].name);
				print_group(c, child.path, &c->roles[i], indent + 2, out);
			}
			continue;
		}
		if (child.row == NULL) {
			size_t before = out->len, behind;

			buf_fmt(out, "%*s%s:\n", indent, "", child.name);
			behind = out->len;
			print_group(c, child.path, from, indent + 2, out);
			/* Nothing in it was said. */
			if (out->len == behind)
				out->len = before;
		} else if (child.row->type == CONFIG_FIELDS)
			config_fields_print(
			    &((const struct config_stream *)from)->policy, indent, out);
		else if (child.row->type == CONFIG_MEMBERS)
			config_members_print(
			    &((const struct config_stream *)from)->map, indent, out);
		else if (child.row->type == CONFIG_METHOD)
			print_methods(&((const struct config_stream *)from)->policy, indent, out);
		else if (child.row->type == CONFIG_EPOCH)
			print_epochs(&((const struct config_stream *)from)->policy, indent, out);
		else if (is_said(child.row, from)) {
			buf_fmt(out, "%*s%s: ", indent, "", child.name);
			print_value(c, child.row, from, out);
			buf_char(out, '\n');
		}
	}
}

bool
config_stream_same(const struct config *c, const struct config_stream *s, const struct config *d,
    const struct config_stream *t)
{
	struct config of_c = *c, of_d = *d;
	struct buf one = { 0 }, other = { 0 };
	bool same;

	of_c.stream_count = of_d.stream_count = 0; /* what is said for all of them */
	of_c.role_count = of_d.role_count = 0;
	memset(&of_c.serve, 0, sizeof(of_c.serve)); /* nor is who looks at them */
	memset(&of_d.serve, 0, sizeof(of_d.serve));
	print_group(&of_c, "", &of_c, 0, &one);
	print_group(&of_d, "", &of_d, 0, &other);
	print_group(c, "streams.*", s, 0, &one);
	print_group(d, "streams.*", t, 0, &other);
	same = buf_ok(&one) && buf_ok(&other) && span_equal(buf_view(&one), buf_view(&other));
	buf_free(&one);
	buf_free(&other);
	return (same);
}

void
config_print(const struct config *c, struct buf *out)
{
	print_group(c, "", c, 0, out);
}
