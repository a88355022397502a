#include "audit/anchors/stamp.h"

#include "audit/anchors/der.h"
#include "base/err.h"
#include "base/text.h"
#include "crypto/sha256.h"

/* Encoded OIDs. */
static const struct span signed_data = SPAN("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02");
static const struct span tst_info = SPAN("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04");
static const struct span sha256 = SPAN("\x60\x86\x48\x01\x65\x03\x04\x02\x01");
static const struct span common_name = SPAN("\x55\x04\x03");

#define AUTHORITY_BYTES_MAX 255

static int
bad(struct err *e, const char *text)
{
	return (err_set(e, ERR_FINDING, "time stamp: %s", text));
}

/* ---- what is around it: RFC 3161 2.4.2, RFC 5652 5.1 ---- */

/* PKIStatusInfo: granted, or granted with modifications. */
static int
read_status(struct span *rest, struct err *e)
{
	struct span info;
	uint32_t status;

	if (!audit_der_take(rest, DER_SEQUENCE, &info) || !audit_der_small(&info, &status))
		return (bad(e, "not a response"));
	if (status > 1)
		return (err_set(
		    e, ERR_FINDING, "time stamp: not granted, status %u", (unsigned)status));
	while (info.len > 0)
		if (!audit_der_skip(&info))
			return (bad(e, "not a response"));
	return (0);
}

/* The octets that are signed. */
static int
read_token(struct span token, struct span *octets, struct err *e)
{
	struct span type, outer, data, inner, wrapped;
	uint32_t version;

	if (!audit_der_take(&token, DER_SEQUENCE, &data) || token.len > 0 ||
	    !audit_der_take(&data, DER_OID, &type) || !span_equal(type, signed_data) ||
	    !audit_der_take(&data, DER_CONTEXT, &outer) || data.len > 0 ||
	    !audit_der_take(&outer, DER_SEQUENCE, &data) || outer.len > 0)
		return (bad(e, "not signed data"));
	if (!audit_der_small(&data, &version) || !audit_der_take(&data, DER_SET, NULL) ||
	    !audit_der_take(&data, DER_SEQUENCE, &inner) ||
	    !audit_der_take(&inner, DER_OID, &type) || !span_equal(type, tst_info) ||
	    !audit_der_take(&inner, DER_CONTEXT, &wrapped) || inner.len > 0 ||
	    !audit_der_take(&wrapped, DER_OCTETS, octets) || wrapped.len > 0)
		return (bad(e, "what is signed is no time stamp"));
	while (data.len > 0)
		if (!audit_der_skip(&data))
			return (bad(e, "not signed data"));
	return (0);
}

/* ---- TSTInfo ---- */

static bool
read_imprint(struct span *rest, struct audit_stamp *stamp)
{
	struct span imprint, algorithm;

	if (!audit_der_take(rest, DER_SEQUENCE, &imprint) ||
	    !audit_der_take(&imprint, DER_SEQUENCE, &algorithm) ||
	    !audit_der_take(&imprint, DER_OCTETS, &stamp->imprint) || imprint.len > 0 ||
	    !audit_der_take(&algorithm, DER_OID, &stamp->digest))
		return (false);
	(void)audit_der_take(&algorithm, DER_NULL, NULL);
	return (algorithm.len == 0);
}

static bool
is_plain(struct span text)
{
	return (text.len > 0 && text.len <= AUTHORITY_BYTES_MAX && text_is_ascii(text) &&
	    span_find(text, '"') == text.len && span_find(text, '\\') == text.len);
}

/* The last common name of a directoryName, if it is plain; else none. */
static void
read_authority(struct span general, struct span *authority)
{
	struct span directory, names, set, pair, type, value;

	*authority = span_of(general.ptr, 0);
	if (!audit_der_take(&general, DER_CONTEXT | 4, &directory) ||
	    !audit_der_take(&directory, DER_SEQUENCE, &names))
		return;
	while (audit_der_take(&names, DER_SET, &set))
		while (audit_der_take(&set, DER_SEQUENCE, &pair))
			if (audit_der_take(&pair, DER_OID, &type) &&
			    span_equal(type, common_name) &&
			    (audit_der_take(&pair, DER_UTF8, &value) ||
				audit_der_take(&pair, DER_PRINTABLE, &value)) &&
			    is_plain(value))
				*authority = value;
}

static int
read_info(struct span octets, struct audit_stamp *stamp, struct err *e)
{
	struct span info, tsa = { "", 0 };
	uint32_t version;

	if (!audit_der_take(&octets, DER_SEQUENCE, &info) || octets.len > 0 ||
	    !audit_der_small(&info, &version) || version != 1 ||
	    !audit_der_take(&info, DER_OID, &stamp->policy) || !read_imprint(&info, stamp) ||
	    !audit_der_take(&info, DER_INTEGER, &stamp->serial) || stamp->serial.len == 0)
		return (bad(e, "what is signed is no time stamp"));
	if (!audit_der_time(&info, &stamp->time_us))
		return (bad(e, "its time is none"));
	(void)audit_der_take(&info, DER_SEQUENCE, NULL); /* accuracy */
	(void)audit_der_take(&info, DER_BOOLEAN, NULL); /* ordering */
	(void)audit_der_take(&info, DER_INTEGER, NULL); /* nonce */
	(void)audit_der_take(&info, DER_CONTEXT, &tsa);
	(void)audit_der_take(&info, DER_CONTEXT | 1, NULL); /* extensions */
	if (info.len > 0)
		return (bad(e, "something behind it"));
	read_authority(tsa, &stamp->authority);
	return (0);
}

int
audit_stamp_read(struct span response, struct audit_stamp *stamp, struct err *e)
{
	struct span parts, octets;

	*stamp = (struct audit_stamp){ 0 };
	if (!audit_der_is(response)) /* also what only OpenSSL reads, which takes more */
		return (bad(e, "not DER"));
	if (!audit_der_take(&response, DER_SEQUENCE, &parts) || response.len > 0)
		return (bad(e, "not a response"));
	if (read_status(&parts, e) == -1)
		return (-1);
	if (!audit_der_whole(&parts, DER_SEQUENCE, &stamp->token) || parts.len > 0)
		return (bad(e, "granted, and none is there"));
	if (read_token(stamp->token, &octets, e) == -1)
		return (-1);
	return (read_info(octets, stamp, e));
}

bool
audit_stamp_is_of(const struct audit_stamp *stamp, struct span body)
{
	unsigned char hash[32];

	crypto_sha256(body.ptr, body.len, hash);
	return (span_equal(stamp->digest, sha256) && stamp->imprint.len == sizeof(hash) &&
	    memcmp(stamp->imprint.ptr, hash, sizeof(hash)) == 0);
}

/* ---- asking ---- */

void
audit_stamp_request(struct span body, const unsigned char nonce[static 8], struct buf *out)
{
	/* SEQUENCE, version 1, imprint with SHA-256 ... */
	static const char head[] =
	    "\x02\x01\x01\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04"
	    "\x02\x01\x05\x00\x04\x20";
	static const char certificates[] = "\x01\x01\xff";
	unsigned char hash[32], number[11] = { DER_INTEGER, 9 };

	crypto_sha256(body.ptr, body.len, hash);
	/* A byte before, so that it is positive; and not zero, so that it is shortest. */
	number[2] = 0x40;
	memcpy(number + 3, nonce, 8);
	buf_char(out, DER_SEQUENCE);
	buf_char(out,
	    (char)(sizeof(head) - 1 + sizeof(hash) + sizeof(number) + sizeof(certificates) - 1));
	buf_add(out, head, sizeof(head) - 1);
	buf_add(out, hash, sizeof(hash));
	buf_add(out, number, sizeof(number));
	buf_add(out, certificates, sizeof(certificates) - 1);
}
