/* Looking at a view: planted values, rules where they may fit, and what it decodes to. */
#include <stdio.h>
#include <string.h>

#include "leak/inside.h"

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

static void
places_of_word(struct leak_scanner *s, unsigned depth, const uint64_t *kinds, size_t base)
{
	const struct leak_view *view = &s->views[depth];

	for (int k = 0; k < LEAK_KINDS; k++) {
		uint64_t set = kinds[k];

		for (; set != 0; set &= set - 1) {
			size_t p = base + (size_t)__builtin_ctzll(set);

			if (p >= view->begin && p < view->limit)
				place(s, depth, (enum leak_kind)k, p);
		}
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
		uint64_t kinds[LEAK_KINDS];

		if (words > LEAK_MARKS_WORDS)
			words = LEAK_MARKS_WORDS;
		leak_marks_classes(&s->rules->teddy, view->bytes + at, words, marks);
		for (size_t w = 0; w < words; w++)
			if (leak_marks_kinds(marks, w, kinds))
				places_of_word(s, depth, kinds, at + w * 64);
		at += words * 64;
	}
}
