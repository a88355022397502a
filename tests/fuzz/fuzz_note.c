/* Fuzz target: notes and vkeys from any bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "seal/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(int claim)
{
	if (!claim)
		abort();
}

/* A vkey that is accepted has one spelling. */
static void
try_vkey(struct span text)
{
	struct buf again = { 0 };
	struct seal_vkey key;
	struct err e = { 0 };

	if (seal_vkey_read(text, &key, &e) == -1) {
		demand(e.code == ERR_FINDING && text_is_ascii(span_str(e.text)));
		return;
	}
	seal_vkey_print(key.name, key.public_key, &again);
	demand(span_equal(buf_view(&again), text));
	buf_free(&again);
}

/* What is accepted can be put together again from its parts, but for base64 of others. */
static void
check_note(struct span text, const struct seal_note *note)
{
	struct buf again = { 0 };

	demand(note->signature_count >= 1 && note->signature_count <= SEAL_NOTE_SIGNATURES_MAX);
	buf_span(&again, note->origin);
	buf_char(&again, '\n');
	buf_u64(&again, note->size);
	buf_char(&again, '\n');
	buf_base64(&again, note->root, 32);
	buf_char(&again, '\n');
	demand(span_equal(buf_view(&again), note->body));
	demand(span_starts(text, note->body));
	for (unsigned i = 0; i < note->signature_count; i++) {
		const struct seal_signature *s = &note->signatures[i];
		const struct seal_vkey key = { .name = s->name, .id = { s->id[0], s->id[1],
			s->id[2], s->id[3] } };

		demand(s->name.ptr > note->body.ptr && s->name.ptr + s->name.len < text.ptr + text.len);
		demand(seal_note_check(note, &key, NULL) == -1); /* nobody signs by the zero key */
	}
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seal_note note;
	struct span text = span_of((const char *)data, size);
	struct err e = { 0 };

	try_vkey(text);
	if (seal_note_read(text, &note, &e) == 0)
		check_note(text, &note);
	else
		demand(e.code == ERR_FINDING && text_is_ascii(span_str(e.text)));
	return (0);
}
