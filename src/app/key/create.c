/* app: cretula key create, and what other key commands begin with. */
#include <fcntl.h>

#include "app/key/key.h"
#include "app/say.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "key/key.h"
#include "key/recovery.h"
#include "store/keys.h"

int
app_key_seed(
    const struct app_args *args, const char *option, unsigned char **seed, struct err *e)
{
	const char *path = app_arg(args, option);
	unsigned char *made;

	*seed = NULL;
	if (path == NULL)
		return (0);
	if ((made = crypto_secret_alloc(32, NULL)) == NULL)
		return (err_set(e, ERR_CONFIG, "no guarded memory for keys"));
	if (key_recovery_read(path, made, e) == -1) {
		crypto_secret_free(made);
		return (-1);
	}
	*seed = made;
	return (0);
}

int
app_key_store(const struct app_args *args, struct app_setup *setup, const char *stream, bool lost,
    struct store **s, struct err *e)
{
	const char *path, *keys;
	bool created;

	if (app_setup_open(args, stream, setup, e) == -1 ||
	    app_store_path(args, setup, &path, e) == -1)
		return (-1);
	keys = app_keys_path(args, setup);
	if (lost)
		return (store_open_lost(path, keys, NULL, s, e));
	return (store_open(path, keys, s, &created, e));
}

/* ---- create ---- */

static void
print(const struct app_args *args, const char *dir, const char *file, const unsigned char *seed,
    struct buf *out)
{
	unsigned char public_key[32];

	if (seed != NULL)
		crypto_sign_public(seed, public_key);
	if (args->json) {
		buf_char(out, '{');
		json_str(out, "keys", span_str(dir));
		if (seed != NULL) {
			json_key(out, "recovery");
			buf_char(out, '"');
			buf_base64(out, public_key, sizeof(public_key));
			buf_char(out, '"');
		}
		buf_str(out, "}\n");
		return;
	}
	buf_fmt(out,
	    "keys made in %s\nThey are nowhere else: without them a store can be "
	    "read and verified, never continued.\n",
	    dir);
	if (seed != NULL)
		buf_fmt(out,
		    "recovery key made in %s\nMove that file off this machine now (another host, "
		    "a stick in a safe, paper): it\nreplaces signing keys that are lost or stolen, "
		    "and nothing needs it until then.\n",
		    file);
}

/* The secret first: keys that name one which nobody has would be worse than none. */
static int
create(const char *dir, const char *file, unsigned char *seed, struct err *e)
{
	if (file != NULL && key_recovery_create(file, seed, e) == -1)
		return (-1);
	if (key_create(dir, seed, e) == 0)
		return (0);
	if (file != NULL)
		(void)io_shred(AT_FDCWD, file, NULL);
	return (-1);
}

int
app_key_create(const struct app_args *args)
{
	const char *dir = app_arg(args, "keys"), *file = app_arg(args, "recovery-out");
	struct err e = { ERR_NONE, "" };
	unsigned char *seed = NULL;
	struct buf out = { 0 };
	int code;

	if (dir == NULL)
		(void)err_set(&e, ERR_USAGE, "--keys DIR is needed");
	else if (file != NULL && (seed = crypto_secret_alloc(32, NULL)) == NULL)
		(void)err_set(&e, ERR_CONFIG, "no guarded memory for keys");
	if (e.code != ERR_NONE || create(dir, file, seed, &e) == -1) {
		code = app_fail("key create", &e);
	} else {
		print(args, dir, file, seed, &out);
		code = app_finish("key create", &out, 0);
	}
	crypto_secret_free(seed);
	return (code);
}
