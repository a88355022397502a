#include "audit/live/escrow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "base/scan.h"
#include "base/text.h"
#include "crypto/random.h"
#include "seal/ratchet.h"

static const struct span head = SPAN("cretula escrow v1\n");

/* ORIGIN G K, without LF. */
static int
read_line(struct span line, struct audit_escrow_key *key)
{
	size_t blank = span_find(line, ' '), len;
	struct span rest = span_from(line, blank + 1), number;

	key->origin = span_of(line.ptr, blank);
	number = span_of(rest.ptr, span_find(rest, ' '));
	rest = span_from(rest, number.len + 1);
	if (blank == 0 || !text_is_ascii(key->origin) || number.len == 0 ||
	    (number.len > 1 && number.ptr[0] == '0') || num_u64(number, &key->g) == -1 ||
	    text_unbase64(rest, key->k, sizeof(key->k), &len) == -1 || len != sizeof(key->k))
		return (-1);
	return (0);
}

/* Bytewise by origin, then by g. */
static int
compare_keys(const struct audit_escrow_key *a, const struct audit_escrow_key *b)
{
	int order = span_order(a->origin, b->origin);

	return (order != 0 ? order : (a->g > b->g) - (a->g < b->g));
}

/* The number of the first bad line, from 1; 0: all are good. */
static size_t
read_lines(struct audit_escrow *escrow, struct span rest)
{
	for (size_t i = 0; rest.len > 0; i++) {
		size_t len = span_find(rest, '\n');
		struct audit_escrow_key *key = &escrow->keys[i];

		if (len == rest.len || read_line(span_of(rest.ptr, len), key) == -1 ||
		    (i > 0 && compare_keys(key - 1, key) > 0))
			return (i + 2);
		escrow->count++;
		rest = span_from(rest, len + 1);
	}
	return (0);
}

int
audit_escrow_read(struct audit_escrow *escrow, const char *path, struct err *e)
{
	struct span rest;
	size_t scanned, bad;

	*escrow = (struct audit_escrow){ 0 };
	if (io_read_file(AT_FDCWD, path, AUDIT_ESCROW_BYTES_MAX, &escrow->text, e) == -1)
		return (err_in(e, "--escrow"));
	rest = buf_view(&escrow->text);
	if (!span_starts(rest, head)) {
		audit_escrow_free(escrow);
		return (err_set(e, ERR_CONFIG, "--escrow: %s holds no escrow keys", path));
	}
	rest = span_from(rest, head.len);
	escrow->keys =
	    calloc(scan_count_lines(rest, SIZE_MAX, &scanned) + 1, sizeof(escrow->keys[0]));
	if (escrow->keys == NULL) {
		audit_escrow_free(escrow);
		return (err_set(e, ERR_IO, "--escrow: out of memory"));
	}
	if ((bad = read_lines(escrow, rest)) != 0) {
		audit_escrow_free(escrow);
		return (err_set(e, ERR_CONFIG,
		    "--escrow: %s: line %zu is no key, or not in its place", path, bad));
	}
	return (0);
}

void
audit_escrow_free(struct audit_escrow *escrow)
{
	if (escrow->keys != NULL)
		crypto_wipe(escrow->keys, escrow->count * sizeof(escrow->keys[0]));
	free(escrow->keys);
	buf_wipe(&escrow->text);
	*escrow = (struct audit_escrow){ 0 };
}

const struct audit_escrow_key *
audit_escrow_find(struct audit_escrow *escrow, struct span origin, uint64_t g,
    const unsigned char commitment[static 32], bool *other)
{
	unsigned char made[32];

	*other = false;
	for (size_t i = 0; i < escrow->count; i++) {
		struct audit_escrow_key *key = &escrow->keys[i];

		if (key->g != g || !span_equal(key->origin, origin))
			continue;
		key->seen = true;
		seal_ratchet_commitment(key->k, made);
		if (memcmp(made, commitment, sizeof(made)) == 0)
			return (key);
		*other = true;
	}
	return (NULL);
}
