/* app: cretula key rekey and revoke. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "app/key/key.h"
#include "app/names.h"
#include "app/say.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/num.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "key/recovery.h"
#include "store/keys.h"

struct rekeying {
	const struct app_args *args;
	struct app_setup setup;
	struct store *store;
	unsigned char *recovery, *next; /* secret; NULL: none */
	struct buf out;
	unsigned changed;
	bool made; /* next, and its file, by this run */
};

/* ---- rekey ---- */

static void
print(struct rekeying *r, const char *stream, struct span vkey)
{
	const char *key = r->next != NULL ? "recovery" : "log";

	if (!r->args->json && vkey.len == 0) {
		buf_fmt(&r->out, "stream %s: made without a recovery key, stays without\n", stream);
	} else if (!r->args->json) {
		buf_fmt(&r->out, "stream %s: %s key is now ", stream, key);
		buf_span(&r->out, vkey);
		buf_char(&r->out, '\n');
	} else {
		buf_char(&r->out, '{');
		json_str(&r->out, "stream", span_str(stream));
		json_str(&r->out, "key", span_str(key));
		json_str(&r->out, "vkey", vkey);
		buf_str(&r->out, "}\n");
	}
	r->changed += vkey.len > 0;
}

static int
rekey_one(void *arg, const char *stream, struct err *e)
{
	struct rekeying *r = arg;
	struct store_rekey how = { stream, app_names(), r->recovery, r->next };
	struct buf vkey = { 0 };
	int rc = store_rekey(r->store, &how, &vkey, e);

	if (rc == 0)
		print(r, stream, buf_view(&vkey));
	buf_free(&vkey);
	return (rc);
}

/* A file that is there is what a run that broke off left: it goes on with it. */
static int
take_next(struct rekeying *r, struct err *e)
{
	const char *path = app_arg(r->args, "new-recovery-out");
	unsigned char *made;
	int rc;

	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return (app_key_seed(r->args, "new-recovery-out", &r->next, e));
	if ((made = crypto_secret_alloc(32, NULL)) == NULL)
		return (err_set(e, ERR_CONFIG, "no guarded memory for keys"));
	rc = key_recovery_create(path, made, e);
	r->made = rc == 0;
	r->next = made;
	return (rc);
}

/*
 * A refused run leaves no file that looks like a key in force.  One that broke
 * off leaves it: an entry may name the key, whatever the failure said.
 */
static void
drop_next(struct rekeying *r)
{
	unsigned char public_key[32];
	bool named;

	if (!r->made)
		return;
	crypto_sign_public(r->next, public_key);
	if (store_key_is_named(r->store, public_key, &named, NULL) == 0 && !named)
		(void)io_shred(AT_FDCWD, app_arg(r->args, "new-recovery-out"), NULL);
}

static int
check_options(const struct rekeying *r, bool is_recovery, struct err *e)
{
	bool all = app_arg(r->args, "all") != NULL;

	if (all == (app_arg(r->args, "stream") != NULL))
		return (err_set(e, ERR_USAGE, "--stream NAME or --all is needed"));
	if (is_recovery && app_arg(r->args, "recovery") == NULL)
		return (err_set(e, ERR_USAGE,
		    "--key recovery needs --recovery FILE: only the recovery key gives way to "
		    "another one, or a thief of the log key could take it away"));
	if (is_recovery && (!all || app_arg(r->args, "new-recovery-out") == NULL))
		return (err_set(e, ERR_USAGE,
		    "--key recovery needs --all and --new-recovery-out FILE: one recovery key is "
		    "for all streams"));
	if (!is_recovery && app_arg(r->args, "new-recovery-out") != NULL)
		return (err_set(e, ERR_USAGE, "--new-recovery-out belongs to --key recovery"));
	return (0);
}

static int
rekey(struct rekeying *r, struct err *e)
{
	const char *key = app_arg(r->args, "key"), *stream = app_arg(r->args, "stream");
	bool is_recovery = key != NULL && strcmp(key, "recovery") == 0;

	if (key != NULL && !is_recovery && strcmp(key, "log") != 0)
		return (err_set(e, ERR_USAGE, "--key: log or recovery"));
	if (check_options(r, is_recovery, e) == -1 ||
	    app_key_seed(r->args, "recovery", &r->recovery, e) == -1 ||
	    app_key_store(r->args, &r->setup, stream == NULL ? "default" : stream, true,
		&r->store, e) == -1 ||
	    (is_recovery && take_next(r, e) == -1))
		return (-1);
	if ((stream != NULL ? rekey_one(r, stream, e) :
			      store_each_stream(r->store, rekey_one, r, e)) == -1)
		return (-1);
	if (r->changed == 0)
		return (err_set(e, ERR_CONFIG, "no stream of this store has a recovery key"));
	return (is_recovery ? key_recovery_publish(store_keys_fd(r->store), r->next, e) : 0);
}

int
app_key_rekey(const struct app_args *args)
{
	struct rekeying r = { .args = args };
	struct err e = { ERR_NONE, "" }, ignored = { ERR_NONE, "" };
	int rc = rekey(&r, &e), code = 0;

	/* What was changed before a failure is said all the same. */
	if (rc == -1) {
		drop_next(&r);
		(void)app_print(&r.out, &ignored);
		buf_free(&r.out);
		code = app_fail("key rekey", &e);
	} else {
		code = app_finish("key rekey", &r.out, 0);
	}
	crypto_secret_free(r.recovery);
	crypto_secret_free(r.next);
	store_close(r.store);
	app_setup_close(&r.setup);
	return (code);
}

/* ---- revoke ---- */

static int
revoke_key(struct rekeying *r, struct err *e)
{
	const char *vkey = app_arg(r->args, "vkey"), *from = app_arg(r->args, "from");
	struct store_revoke how = { .stream = app_arg(r->args, "stream"), .names = app_names() };

	if (how.stream == NULL || vkey == NULL || from == NULL ||
	    app_arg(r->args, "recovery") == NULL)
		return (err_set(e, ERR_USAGE,
		    "--stream NAME, --vkey VKEY, --from SIZE and --recovery FILE are needed"));
	if (num_u64(span_str(from), &how.from) == -1)
		return (err_set(e, ERR_USAGE, "--from: not a number"));
	if (app_key_seed(r->args, "recovery", &r->recovery, e) == -1 ||
	    app_key_store(r->args, &r->setup, how.stream, false, &r->store, e) == -1)
		return (-1);
	how.vkey = span_str(vkey);
	how.recovery = r->recovery;
	if (store_revoke(r->store, &how, e) == -1)
		return (-1);
	if (r->args->json) {
		buf_char(&r->out, '{');
		json_str(&r->out, "stream", span_str(how.stream));
		json_str(&r->out, "vkey", how.vkey);
		json_u64(&r->out, "from", how.from);
		buf_str(&r->out, "}\n");
	} else {
		buf_fmt(&r->out,
		    "stream %s: notes of size %llu and above by that key count for nothing\n",
		    how.stream, (unsigned long long)how.from);
	}
	return (0);
}

int
app_key_revoke(const struct app_args *args)
{
	struct rekeying r = { .args = args };
	struct err e = { ERR_NONE, "" };
	int code = revoke_key(&r, &e) == -1 ? app_fail("key revoke", &e) :
					      app_finish("key revoke", &r.out, 0);

	crypto_secret_free(r.recovery);
	store_close(r.store);
	app_setup_close(&r.setup);
	return (code);
}
