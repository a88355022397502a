#include "seal/note.h"

#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "crypto/check.h"
#include "crypto/sha256.h"

#define ALGORITHM 0x01 /* Ed25519, in C2SP signed-note */
#define COSIGNATURE 0x04 /* Ed25519 with a time, in C2SP tlog-cosignature */
#define DASH "\xe2\x80\x94 "

/* What Unicode calls a space, as UTF-8, above ASCII. */
static const struct span spaces[] = {
	SPAN("\xc2\x85"),
	SPAN("\xc2\xa0"),
	SPAN("\xe1\x9a\x80"),
	SPAN("\xe2\x80\x80"),
	SPAN("\xe2\x80\x81"),
	SPAN("\xe2\x80\x82"),
	SPAN("\xe2\x80\x83"),
	SPAN("\xe2\x80\x84"),
	SPAN("\xe2\x80\x85"),
	SPAN("\xe2\x80\x86"),
	SPAN("\xe2\x80\x87"),
	SPAN("\xe2\x80\x88"),
	SPAN("\xe2\x80\x89"),
	SPAN("\xe2\x80\x8a"),
	SPAN("\xe2\x80\xa8"),
	SPAN("\xe2\x80\xa9"),
	SPAN("\xe2\x80\xaf"),
	SPAN("\xe2\x81\x9f"),
	SPAN("\xe3\x80\x80") };

/* A key name: some UTF-8 without blanks, controls and '+'. */
static bool
name_ok(struct span name)
{
	if (name.len == 0 || name.len > SEAL_NAME_BYTES_MAX || !text_is_utf8(name))
		return (false);
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];

		if (c <= 0x20 || c == 0x7f || c == '+')
			return (false);
		if (c < 0x80)
			continue;
		for (size_t s = 0; s < sizeof(spaces) / sizeof(spaces[0]); s++)
			if (span_starts(span_from(name, i), spaces[s]))
				return (false);
	}
	return (true);
}

static int
read_key(struct span text, unsigned char algorithm, struct seal_vkey *key, struct err *e)
{
	static const unsigned char middle[1] = { '\n' };
	size_t first = span_find(text, '+'), second, len;
	struct span name = span_of(text.ptr, first), rest = span_from(text, first + 1);
	unsigned char id[4], bytes[33], digest[32];
	struct crypto_sha256 h;

	second = span_find(rest, '+');
	if (first == text.len || second == rest.len)
		return (err_set(e, ERR_FINDING, "vkey: not NAME+ID+KEY"));
	if (!name_ok(name))
		return (err_set(e, ERR_FINDING, "vkey: not a key name"));
	if (second != 8 || text_unhex(span_of(rest.ptr, second), id, sizeof(id), &len) == -1)
		return (err_set(e, ERR_FINDING, "vkey: the id is not 8 hex digits"));
	if (text_unbase64(span_from(rest, second + 1), bytes, sizeof(bytes), &len) == -1 ||
	    len != sizeof(bytes))
		return (err_set(e, ERR_FINDING, "vkey: the key is not base64 of 33 bytes"));
	if (bytes[0] != algorithm)
		return (err_set(e, ERR_FINDING, "vkey: not an Ed25519 key"));
	crypto_sha256_init(&h);
	crypto_sha256_add(&h, name.ptr, name.len);
	crypto_sha256_add(&h, middle, sizeof(middle));
	crypto_sha256_add(&h, bytes, sizeof(bytes));
	crypto_sha256_end(&h, digest);
	if (memcmp(digest, id, sizeof(id)) != 0)
		return (err_set(e, ERR_FINDING, "vkey: the id is not that of the key"));
	key->name = name;
	memcpy(key->id, id, sizeof(id));
	memcpy(key->public_key, bytes + 1, 32);
	return (0);
}

int
seal_vkey_read(struct span text, struct seal_vkey *key, struct err *e)
{
	return (read_key(text, ALGORITHM, key, e));
}

int
seal_witness_read(struct span text, struct seal_vkey *key, struct err *e)
{
	return (read_key(text, COSIGNATURE, key, e));
}

/* Take a line off rest, without its LF; false if no LF is left. */
static bool
take_line(struct span *rest, struct span *line)
{
	size_t end = span_find(*rest, '\n');

	if (end == rest->len)
		return (false);
	*line = span_of(rest->ptr, end);
	*rest = span_from(*rest, end + 1);
	return (true);
}

/* Strict base64 of any length, decoded piece by piece; the first bytes stay. */
static bool
read_base64(struct span in, unsigned char *head, size_t head_size, size_t *len)
{
	unsigned char piece[384];
	size_t total = 0;

	while (in.len > 0) {
		size_t take = in.len < 512 ? in.len : 512, got;

		if (text_unbase64(span_of(in.ptr, take), piece, sizeof(piece), &got) == -1)
			return (false);
		if (take < in.len && got != sizeof(piece)) /* padding inside */
			return (false);
		if (total < head_size)
			memcpy(
			    head + total, piece, got < head_size - total ? got : head_size - total);
		total += got;
		in = span_from(in, take);
	}
	*len = total;
	return (true);
}

/* "— NAME BASE64"; NULL, or what is wrong. */
static const char *
read_signature(struct span line, struct seal_signature *s)
{
	static const struct span dash = SPAN(DASH);
	unsigned char head[4 + 8 + 64];
	struct span rest;
	size_t blank, len;

	if (!span_starts(line, dash))
		return ("a signature line without dash");
	rest = span_from(line, dash.len);
	blank = span_find(rest, ' ');
	s->name = span_of(rest.ptr, blank);
	if (blank == rest.len || !name_ok(s->name))
		return ("a signature line without key name");
	if (!read_base64(span_from(rest, blank + 1), head, sizeof(head), &len))
		return ("a signature that is not base64");
	if (len < 5)
		return ("a signature that is too short");
	memcpy(s->id, head, 4);
	s->is_ed25519 = len == 4 + 64;
	s->is_cosignature = len == sizeof(head) && head[4] < 0x80;
	s->time_s = 0;
	for (unsigned i = 4; s->is_cosignature && i < 4 + 8; i++)
		s->time_s = s->time_s << 8 | head[i];
	if (s->is_ed25519)
		memcpy(s->bytes, head + 4, 64);
	else if (s->is_cosignature)
		memcpy(s->bytes, head + 4 + 8, 64);
	return (NULL);
}

static const char *
read_signatures(struct span rest, struct seal_note *note)
{
	struct span line;

	note->signature_count = 0;
	while (rest.len > 0) {
		const char *why;

		if (note->signature_count == SEAL_NOTE_SIGNATURES_MAX)
			return ("more than 100 signatures");
		if (!take_line(&rest, &line))
			return ("no LF at the end");
		why = read_signature(line, &note->signatures[note->signature_count]);
		if (why != NULL)
			return (why);
		note->signature_count++;
	}
	return (note->signature_count == 0 ? "no signature" : NULL);
}

/* From 1: no note is about nothing. */
static bool
read_size(struct span line, uint64_t *size)
{
	if (line.len > 0 && line.ptr[0] == '0')
		return (false);
	return (num_u64(line, size) == 0);
}

/* Origin, size, root, an empty line. */
static const char *
read_body(struct span *rest, struct seal_note *note)
{
	const char *start = rest->ptr;
	struct span line;
	size_t len;

	if (!take_line(rest, &note->origin) || !name_ok(note->origin))
		return ("no origin");
	if (!take_line(rest, &line) || !read_size(line, &note->size))
		return ("no size");
	if (!take_line(rest, &line) ||
	    text_unbase64(line, note->root, sizeof(note->root), &len) == -1 ||
	    len != sizeof(note->root))
		return ("no root");
	note->body = span_of(start, (size_t)(rest->ptr - start));
	if (!take_line(rest, &line) || line.len != 0)
		return ("no empty line behind the root");
	return (NULL);
}

static bool
has_control(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c < 0x20 && c != '\n')
			return (true);
	}
	return (false);
}

static const char *
check_text(struct span text)
{
	if (text.len > SEAL_NOTE_BYTES_MAX)
		return ("too long");
	if (has_control(text))
		return ("a control character");
	return (text_is_utf8(text) ? NULL : "not UTF-8");
}

int
seal_note_read(struct span text, struct seal_note *note, struct err *e)
{
	struct span rest = text;
	const char *why;

	if ((why = check_text(text)) == NULL && (why = read_body(&rest, note)) == NULL)
		why = read_signatures(rest, note);
	if (why != NULL)
		return (err_set(e, ERR_FINDING, "note: %s", why));
	return (0);
}

/* The first empty line ends what is signed. */
int
seal_signed_read(struct span text, struct seal_note *note, struct err *e)
{
	const char *end = text.len == 0 ? NULL : memmem(text.ptr, text.len, "\n\n", 2);
	const char *why = check_text(text);

	memset(note, 0, sizeof(*note));
	if (why == NULL && end == NULL)
		why = "no empty line in front of the signatures";
	if (why == NULL) {
		note->body = span_of(text.ptr, (size_t)(end - text.ptr) + 1);
		text = span_from(text, note->body.len + 1);
		if (text.len > 0)
			why = read_signatures(text, note);
	}
	if (why != NULL)
		return (err_set(e, ERR_FINDING, "%s", why));
	return (0);
}

/* A line of key's, by name and id. */
static bool
is_by(const struct seal_signature *s, const struct seal_vkey *key)
{
	return (span_equal(s->name, key->name) && memcmp(s->id, key->id, sizeof(s->id)) == 0);
}

static int
verdict(const char *what, const struct seal_vkey *key, struct err *e)
{
	return (err_set(
	    e, ERR_FINDING, "%s by %.*s", what, (int)key->name.len, key->name.ptr));
}

int
seal_note_check(const struct seal_note *note, const struct seal_vkey *key, struct err *e)
{
	bool found = false;

	for (unsigned i = 0; i < note->signature_count; i++) {
		const struct seal_signature *s = &note->signatures[i];

		if (!is_by(s, key))
			continue;
		if (!s->is_ed25519 || !crypto_check(key->public_key, note->body, s->bytes))
			return (verdict("bad signature", key, e));
		found = true;
	}
	return (found ? 0 : verdict("no signature", key, e));
}

/* The message of C2SP tlog-cosignature: two lines, then the body. */
static bool
is_cosigned(const struct seal_note *note, const struct seal_signature *s,
    const struct seal_vkey *witness)
{
	struct buf message = { 0 };
	bool good;

	buf_str(&message, "cosignature/v1\ntime ");
	buf_u64(&message, s->time_s);
	buf_char(&message, '\n');
	buf_span(&message, note->body);
	good = buf_ok(&message) && s->is_cosignature &&
	    crypto_check(witness->public_key, buf_view(&message), s->bytes);
	buf_free(&message);
	return (good);
}

int
seal_cosignature_check(const struct seal_note *note, const struct seal_vkey *witness,
    uint64_t *time_s, struct err *e)
{
	uint64_t newest = 0;
	bool found = false;

	for (unsigned i = 0; i < note->signature_count; i++) {
		const struct seal_signature *s = &note->signatures[i];

		if (!is_by(s, witness))
			continue;
		if (!is_cosigned(note, s, witness))
			return (verdict("bad cosignature", witness, e));
		newest = s->time_s > newest ? s->time_s : newest;
		found = true;
	}
	if (!found)
		return (verdict("no cosignature", witness, e));
	*time_s = newest;
	return (0);
}
