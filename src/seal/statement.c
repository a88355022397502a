#include "seal/statement.h"

#include "base/err.h"
#include "crypto/check.h"
#include "seal/note.h"

int
seal_rekey_message(struct span origin, struct span old, struct span new, struct buf *out)
{
	struct seal_vkey key;

	if (seal_vkey_read(old, &key, NULL) == -1)
		return (-1);
	buf_str(out, "cretula rekey v1\n");
	buf_span(out, origin);
	buf_char(out, '\n');
	buf_hex(out, key.id, sizeof(key.id));
	buf_char(out, '\n');
	buf_span(out, new);
	buf_char(out, '\n');
	return (0);
}

void
seal_revoke_message(struct span origin, struct span vkey, uint64_t from, struct buf *out)
{
	buf_str(out, "cretula revoke v1\n");
	buf_span(out, origin);
	buf_char(out, '\n');
	buf_span(out, vkey);
	buf_char(out, '\n');
	buf_u64(out, from);
	buf_char(out, '\n');
}

/* Did the key of vkey sign message?  Says which key did not. */
static int
check(struct span vkey, const struct buf *message, const unsigned char signature[static 64],
    const char *whose, struct err *e)
{
	struct seal_vkey key;

	if (!buf_ok(message))
		return (err_memory(e));
	if (seal_vkey_read(vkey, &key, NULL) == -1)
		return (err_set(e, ERR_FINDING, "no %s key", whose));
	if (!crypto_check(key.public_key, buf_view(message), signature))
		return (err_set(e, ERR_FINDING, "bad signature by the %s key", whose));
	return (0);
}

int
seal_recovery_check(struct span origin, struct span old, struct span new,
    const unsigned char signature[static 64], struct span recovery, struct err *e)
{
	struct buf message = { 0 };
	int rc;

	if (seal_rekey_message(origin, old, new, &message) == -1)
		return (err_set(e, ERR_FINDING, "no old key"));
	rc = check(recovery, &message, signature, "recovery", e);
	buf_free(&message);
	return (rc);
}

int
seal_rekey_check(
    struct span origin, const struct seal_rekey *rekey, struct span recovery, struct err *e)
{
	struct seal_vkey old, new;
	struct buf message = { 0 };
	int rc;

	if (seal_vkey_read(rekey->old, &old, NULL) == -1 ||
	    seal_vkey_read(rekey->new, &new, NULL) == -1)
		return (err_set(e, ERR_FINDING, "rekey: not two vkeys"));
	if (!span_equal(old.name, new.name))
		return (err_set(e, ERR_FINDING, "rekey: the new key has another name"));
	if (memcmp(old.public_key, new.public_key, sizeof(old.public_key)) == 0)
		return (err_set(e, ERR_FINDING, "rekey: the new key is the old one"));
	/* Else who steals the log key would take the owner's way to void it, too. */
	if (!span_is(rekey->key, "log") && !rekey->has_recovery)
		return (err_set(e, ERR_FINDING, "rekey: without the recovery key's signature"));
	(void)seal_rekey_message(origin, rekey->old, rekey->new, &message);
	rc = check(rekey->new, &message, rekey->proof, "new", e);
	if (rc == 0 && rekey->has_recovery)
		rc = check(recovery, &message, rekey->recovery, "recovery", e);
	buf_free(&message);
	return (rc == 0 ? 0 : err_in(e, "rekey"));
}

int
seal_revoke_check(
    struct span origin, const struct seal_revoke *revoke, struct span recovery, struct err *e)
{
	struct buf message = { 0 };
	int rc;

	seal_revoke_message(origin, revoke->vkey, revoke->from, &message);
	rc = check(recovery, &message, revoke->signature, "recovery", e);
	buf_free(&message);
	return (rc == 0 ? 0 : err_in(e, "revoke"));
}
