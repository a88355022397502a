/* Looking at a view: planted values, rules where they may fit, and what it decodes to. */
#include <stdio.h>
#include <string.h>

#include "leak/inside.h"
#include "leak/rules/own.h"

bool
leak_child_begin(struct leak_scanner *s, unsigned parent, struct leak_child *child)
{
	if (parent == DEPTH_MAX)
		return (false);
	if (s->decoded_bytes > DECODED_BYTES_MAX) {
		snprintf(s->gap, sizeof(s->gap), "it decodes to more and more");
		return (false);
	}
	*child = (struct leak_child){ .scanner = s,
		.depth = parent + 1,
		.bytes = s->decoded[parent + 1] + LEAK_MARKS_SLACK,
		.map = s->map[parent + 1] };
	return (true);
}

/* False once it is full. */
bool
leak_child_add(struct leak_child *child, unsigned char byte, size_t place)
{
	if (child->len == REGION_BYTES_MAX)
		return (false);
	child->bytes[child->len] = byte;
	child->map[child->len++] = (uint32_t)place;
	return (true);
}

void
leak_child_look(struct leak_child *child, unsigned kinds, size_t place_end)
{
	struct leak_scanner *s = child->scanner;
	struct leak_view *view = &s->views[child->depth];

	child->map[child->len] = (uint32_t)place_end;
	memset(child->bytes + child->len, 0, LEAK_MARKS_SLACK);
	s->decoded_bytes += child->len + 256;
	*view = (struct leak_view){ .bytes = child->bytes,
		.len = child->len,
		.limit = child->len,
		.map = child->map,
		.parent = &s->views[child->depth - 1],
		.kinds = kinds };
	leak_look(s, child->depth);
}

static void
place(struct leak_scanner *s, unsigned depth, enum leak_kind kind, size_t p)
{
	switch (kind) {
	case LEAK_KIND_ESCAPE:
	case LEAK_KIND_QUOTED:
	case LEAK_KIND_SHARP: leak_decode_escapes(s, depth, kind, p); break;
	case LEAK_KIND_BASE64: leak_decode_base64(s, depth, p); break;
	case LEAK_KIND_HEXRUN:
		leak_match_at(s, &s->views[depth], kind, p);
		leak_decode_hex(s, depth, p);
		break;
	case LEAK_KIND_WIDE: leak_decode_wide(s, depth, p); break;
	default: leak_match_at(s, &s->views[depth], kind, p);
	}
}

/* Of the kinds that are frequent in any text: is it worth a call? */
static bool
may_be(const struct leak_scanner *s, const struct leak_view *view, enum leak_kind kind, size_t p)
{
	const uint64_t *set = s->rules->literals;
	unsigned hash;

	if (kind == LEAK_KIND_LITERAL) {
		hash = leak_three_hash(view->bytes + p);
	} else if (kind == LEAK_KIND_NAME && p > 4) {
		const unsigned char *last = view->bytes + p - 1;

		/* A name in quotes, or without; else the long way. */
		last -= *last == '"' || *last == '\'';
		if (!leak_is_alnum(*last))
			return (true);
		hash = leak_name_hash(last);
		set = s->rules->name_ends;
	} else {
		return (true);
	}
	return ((set[hash / 64] >> hash % 64 & 1) != 0);
}

static void
places_of_kind(
    struct leak_scanner *s, unsigned depth, enum leak_kind kind, const uint64_t *words, size_t base)
{
	const struct leak_view *view = &s->views[depth];

	for (size_t w = 0; w < 4; w++)
		for (uint64_t set = words[w]; set != 0; set &= set - 1) {
			size_t p = base + w * 64 + (size_t)__builtin_ctzll(set);

			if (p >= view->begin && p < view->limit && may_be(s, view, kind, p))
				place(s, depth, kind, p);
		}
}

/* Without rules of cretula's own there are decoders still, for planted values. */
void
leak_look(struct leak_scanner *s, unsigned depth)
{
	struct leak_view *view = &s->views[depth];
	struct leak_marks *marks = &s->marks[depth];
	size_t at = view->begin;

	leak_values_find(s, view);
	leak_match_own(s, view);
	while (at < view->limit) {
		size_t words = (view->limit - at + 63) / 64;

		if (words > LEAK_MARKS_WORDS)
			words = LEAK_MARKS_WORDS;
		leak_marks_classes(&s->rules->teddy, view->bytes + at, words, marks);
		for (size_t w = 0; w < words; w += 4) {
			struct leak_places places;
			uint32_t any = leak_marks_kinds(marks, w, &places);

			for (; any != 0; any &= any - 1) {
				int kind = __builtin_ctz(any);

				places_of_kind(
				    s, depth, (enum leak_kind)kind, places.word[kind], at + w * 64);
			}
		}
		at += words * 64;
	}
}
