#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "seal/proof.h"

static const struct span magic = SPAN("c2sp.org/tlog-proof@v1");
static const struct span extra_start = SPAN("extra ");
static const struct span index_start = SPAN("index ");

void
seal_proof_print(struct span extra, uint64_t index, const struct seal_proof *proof,
    struct span checkpoint, struct buf *out)
{
	buf_span(out, magic);
	buf_char(out, '\n');
	if (extra.len > 0) {
		buf_span(out, extra_start);
		buf_base64(out, extra.ptr, extra.len);
		buf_char(out, '\n');
	}
	buf_span(out, index_start);
	buf_u64(out, index);
	buf_char(out, '\n');
	for (size_t i = 0; i < proof->count; i++) {
		buf_base64(out, proof->hashes[i], 32);
		buf_char(out, '\n');
	}
	buf_char(out, '\n');
	buf_span(out, checkpoint);
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

static bool
read_index(struct span line, uint64_t *index)
{
	struct span digits = span_from(line, index_start.len);

	if (!span_starts(line, index_start) || (digits.len > 1 && digits.ptr[0] == '0'))
		return (false);
	return (num_u64(digits, index) == 0);
}

static const char *
read_hashes(struct span *rest, struct seal_proof *proof)
{
	struct span line;
	size_t len;

	for (proof->count = 0; take_line(rest, &line); proof->count++) {
		if (line.len == 0)
			return (NULL);
		if (proof->count == SEAL_PROOF_HASHES_MAX)
			return ("more hashes than a tree is deep");
		if (text_unbase64(line, proof->hashes[proof->count], 32, &len) == -1 || len != 32)
			return ("not a hash");
	}
	return ("no empty line behind the hashes");
}

/* NULL, or what is wrong. */
static const char *
read_head(struct span *rest, struct seal_proof_file *file)
{
	struct span line;

	if (!take_line(rest, &line) || !span_equal(line, magic))
		return ("not c2sp.org/tlog-proof@v1");
	if (!take_line(rest, &line))
		return ("no index");
	file->extra = span_of("", 0);
	if (span_starts(line, extra_start)) {
		file->extra = span_from(line, extra_start.len);
		if (file->extra.len == 0)
			return ("empty extra data");
		if (!take_line(rest, &line))
			return ("no index");
	}
	if (!read_index(line, &file->index))
		return ("no index");
	return (read_hashes(rest, &file->proof));
}

int
seal_proof_extra(const struct seal_proof_file *file, struct buf *out)
{
	size_t len;

	if (buf_reserve(out, file->extra.len) == -1 ||
	    text_unbase64(file->extra, (unsigned char *)out->data + out->len, file->extra.len,
		&len) == -1)
		return (-1);
	out->len += len;
	return (0);
}

int
seal_proof_read(
    struct span text, struct seal_proof_file *file, struct seal_note *note, struct err *e)
{
	struct buf extra = { 0 };
	struct span rest = text;
	const char *why;

	if (text.len > SEAL_PROOF_BYTES_MAX)
		return (err_set(e, ERR_FINDING, "proof: too long"));
	if ((why = read_head(&rest, file)) == NULL && file->extra.len > 0 &&
	    seal_proof_extra(file, &extra) == -1)
		why = buf_ok(&extra) ? "extra data that is not base64" : "out of memory";
	if (why != NULL) {
		(void)err_set(e, buf_ok(&extra) ? ERR_FINDING : ERR_IO, "proof: %s", why);
		buf_free(&extra);
		return (-1);
	}
	buf_free(&extra);
	file->checkpoint = rest;
	if (seal_note_read(rest, note, e) == -1)
		return (err_in(e, "proof"));
	return (0);
}
