/* app: cretula key pair and key open: values sealed to a key that is not here. */
#include <stdlib.h>
#include <unistd.h>

#include "app/key/key.h"
#include "app/say.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "crypto/random.h"
#include "crypto/sealed.h"
#include "key/sealkey.h"
#include "mask/method/seal.h"

/* ---- pair ---- */

static void
print_pair(
    const struct app_args *args, const char *file, const unsigned char *secret, struct buf *out)
{
	unsigned char public_key[32];
	char text[KEY_SEAL_TEXT_BYTES];

	crypto_sealed_public(secret, public_key);
	key_seal_print(public_key, text);
	if (args->json) {
		buf_char(out, '{');
		json_str(out, "public", span_str(text));
		json_str(out, "secret", span_str(file));
		buf_str(out, "}\n");
		return;
	}
	buf_fmt(out,
	    "the secret is in %s: move that file off this machine now, who has it reads what is "
	    "sealed\nin cretula.yaml, for values that `mask: CLASS: seal` hides:\n\n"
	    "  seal_key: %s\n\nor for lines that cannot be read:\n\n  quarantine_key: %s\n",
	    file, text, text);
}

int
app_key_pair(const struct app_args *args)
{
	const char *file = app_arg(args, "out");
	unsigned char *secret = NULL;
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code;

	if (file == NULL)
		(void)err_set(&e, ERR_USAGE, "--out FILE is needed");
	else if ((secret = crypto_secret_alloc(32, NULL)) == NULL)
		(void)err_set(&e, ERR_CONFIG, "no guarded memory for keys");
	if (e.code != ERR_NONE || key_seal_create(file, secret, &e) == -1) {
		code = app_fail("key pair", &e);
	} else {
		print_pair(args, file, secret, &out);
		code = app_finish("key pair", &out, 0);
	}
	crypto_secret_free(secret);
	return (code);
}

/* ---- open ---- */

#define OPEN_BYTES ((size_t)1 << 20)

struct opening {
	const unsigned char *secret;
	uint64_t opened, closed;
	struct buf out;
};

/* What stands there for a sealed text: the value, escaped for the string around it. */
static void
put_value(struct opening *o, struct span text)
{
	char plain[MASK_SEALED_VALUE_MAX + 2];
	struct buf quoted = { 0 };
	struct span value;

	if (mask_unseal(o->secret, text, plain, &value) == -1) {
		o->closed++;
		buf_span(&o->out, text);
		return;
	}
	o->opened++;
	json_quote(&quoted, value);
	if (buf_ok(&quoted))
		buf_add(&o->out, quoted.data + 1, quoted.len - 2);
	else
		o->out.broken = true;
	buf_wipe(&quoted);
	crypto_wipe(plain, sizeof(plain));
}

static int
put_lines(struct opening *o, struct span lines, struct err *e)
{
	int rc;

	buf_clear(&o->out);
	while (lines.len > 0) {
		const char *at =
		    memmem(lines.ptr, lines.len, MASK_SEALED_HEAD, MASK_SEALED_HEAD_BYTES);
		size_t len = at == NULL ? lines.len : (size_t)(at - lines.ptr), sealed;

		buf_add(&o->out, lines.ptr, len);
		lines = span_from(lines, len);
		if (at == NULL)
			break;
		if ((sealed = mask_sealed_at(lines)) > 0)
			put_value(o, span_of(lines.ptr, sealed));
		else
			buf_add(&o->out, lines.ptr, sealed = MASK_SEALED_HEAD_BYTES);
		lines = span_from(lines, sealed);
	}
	if (!buf_ok(&o->out))
		return (err_set(e, ERR_IO, "out of memory"));
	rc = app_print(&o->out, e);
	crypto_wipe(o->out.data, o->out.len);
	return (rc);
}

/* How much may be looked at: whole lines, or of a very long one all but a text's length. */
static size_t
whole(const char *bytes, size_t len, bool end)
{
	const char *last = len == 0 ? NULL : memrchr(bytes, '\n', len);

	if (end)
		return (len);
	if (last != NULL)
		return ((size_t)(last - bytes) + 1);
	return (len < OPEN_BYTES ? 0 : len - MASK_SEALED_BYTES);
}

static int
open_all(struct opening *o, char *bytes, struct err *e)
{
	size_t len = 0, done;
	ssize_t got;
	int rc = 0;

	do {
		if ((got = io_read(STDIN_FILENO, bytes + len, OPEN_BYTES - len, e)) == -1)
			return (err_in(e, "standard input"));
		len += (size_t)got;
		done = whole(bytes, len, got == 0);
		rc = put_lines(o, span_of(bytes, done), e);
		len -= done;
		memmove(bytes, bytes + done, len);
	} while (rc == 0 && got > 0 && !app_output_closed());
	return (rc);
}

int
app_key_open(const struct app_args *args)
{
	const char *file = app_arg(args, "secret");
	struct opening o = { .secret = NULL };
	unsigned char *secret = NULL;
	struct err e = { ERR_NONE, "" };
	char *bytes = malloc(OPEN_BYTES);
	int code = 0;

	if (file == NULL)
		(void)err_set(&e, ERR_USAGE, "--secret FILE is needed");
	else if ((secret = crypto_secret_alloc(32, NULL)) == NULL || bytes == NULL)
		(void)err_set(&e, ERR_CONFIG, "no guarded memory for keys");
	o.secret = secret;
	if (e.code != ERR_NONE || key_seal_read(file, secret, &e) == -1 ||
	    open_all(&o, bytes, &e) == -1)
		code = app_fail("key open", &e);
	else if (o.closed > 0) {
		app_warn("key open", "%llu texts opened; %llu were sealed to another key",
		    (unsigned long long)o.opened, (unsigned long long)o.closed);
		code = ERR_INCOMPLETE;
	}
	crypto_secret_free(secret);
	buf_free(&o.out);
	free(bytes);
	return (code);
}
