/*
 * Which vocabulary was written last, as KEYS knows it: who writes STORE can
 * keep the file of a change that a crash kept from being sealed, and put the
 * one of before back; its numbers would be those of the next change.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "store/inside.h"
#include "store/words/inside.h"
#include "store/writer.h"

#define FILE_NAME "words"
#define LABEL "cretula words v1\n"
#define LABEL_BYTES (sizeof(LABEL) - 1)
#define DIGITS ((size_t)2 * STORE_WORDS_MAC_BYTES)
#define FILE_BYTES (LABEL_BYTES + 2 * (DIGITS + 1))

/* The two lines of digits: of the newest, and of the one before. */
struct newest {
	bool known;
	char text[2 * (DIGITS + 1)];
};

static int
read_newest(const struct store_stream *st, struct newest *n, struct err *e)
{
	struct buf file = { 0 };
	int rc = io_read_file(st->writer->keys_fd, FILE_NAME, FILE_BYTES, &file, e);

	n->known = false;
	if (rc == -1 && errno == ENOENT)
		rc = 0;
	else if (rc == 0 && file.len == FILE_BYTES &&
	    memcmp(file.data, LABEL, LABEL_BYTES) == 0) {
		n->known = true;
		memcpy(n->text, file.data + LABEL_BYTES, sizeof(n->text));
	}
	buf_free(&file);
	return (rc);
}

static bool
is_line(const struct newest *n, size_t line, const char digits[static DIGITS])
{
	return (memcmp(n->text + line * (DIGITS + 1), digits, DIGITS) == 0);
}

int
store_words_is_newest(const struct store_stream *st,
    const unsigned char mac[static STORE_WORDS_MAC_BYTES], bool *is, struct err *e)
{
	char digits[DIGITS + 1];
	struct newest n;

	if (read_newest(st, &n, e) == -1)
		return (-1);
	text_hex(digits, mac, STORE_WORDS_MAC_BYTES);
	*is = !n.known || is_line(&n, 0, digits) || is_line(&n, 1, digits);
	return (0);
}

int
store_words_note(const struct store_stream *st,
    const unsigned char mac[static STORE_WORDS_MAC_BYTES], bool alone, struct err *e)
{
	char digits[DIGITS + 1], text[FILE_BYTES + 1];
	const char *before = digits;
	struct newest n;

	if (read_newest(st, &n, e) == -1)
		return (-1);
	text_hex(digits, mac, STORE_WORDS_MAC_BYTES);
	digits[DIGITS] = '\0';
	if (!n.known && digits[strspn(digits, "0")] == '\0')
		return (0); /* there never was one */
	if (n.known && is_line(&n, 0, digits) && (!alone || is_line(&n, 1, digits)))
		return (0);
	if (n.known && !alone)
		before = n.text;
	(void)snprintf(text, sizeof(text), LABEL "%s\n%.*s\n", digits, (int)DIGITS, before);
	return (io_replace(
	    st->writer->keys_fd, FILE_NAME, span_of(text, FILE_BYTES), 0600, false, e));
}
