/* app: cretula recover: what is lost is said, and on demand given up. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/key/key.h"
#include "app/names.h"
#include "app/retain/hold.h"
#include "app/say.h"
#include "base/err.h"
#include "base/json.h"
#include "crypto/random.h"
#include "key/key.h"
#include "key/recovery.h"
#include "store/keys.h"
#include "store/layout.h"

#define TEXT_BYTES_MAX 2048 /* of an entry's escaped text */

static const struct app_option options[] = {
	{ "accept-loss", NULL, "give up what is lost, and go on" },
	{ "config", "FILE", "cretula.yaml, for store and keys" },
	{ "keys", "DIR", "the directory of the keys (default: STORE.keys)" },
	{ "reason", "TEXT", "why, for the chain; with --accept-loss" },
	{ "recovery", "FILE", "the recovery key, if signing keys are lost" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream" },
	{ NULL, NULL, NULL },
};

struct recovering {
	const struct app_args *args;
	struct app_setup setup;
	struct store *store;
	unsigned char *recovery; /* secret; NULL: none */
	const char *stream;
	bool accept;
	bool mask_lost;          /* root.key, kek, keyring */
	struct buf text;         /* --reason, escaped */
	struct store_loss loss;
};

/* ---- before ---- */

static int
read_reason(struct recovering *r, struct err *e)
{
	const char *reason = app_arg(r->args, "reason");
	struct buf quoted = { 0 };

	if (r->accept == (reason == NULL))
		return (err_set(e, ERR_USAGE, "--accept-loss and --reason TEXT go together"));
	if (reason == NULL)
		return (0);
	if (app_hold_text("reason", span_str(reason), e) == -1)
		return (-1);
	json_quote(&quoted, span_str(reason));
	if (buf_ok(&quoted) && quoted.len > 2)
		buf_span(&r->text, span_of(quoted.data + 1, quoted.len - 2));
	buf_free(&quoted);
	if (r->text.len == 0 || r->text.len > TEXT_BYTES_MAX)
		return (err_set(e, ERR_USAGE, "--reason: a text of 1 to %d bytes", TEXT_BYTES_MAX));
	return (0);
}

/* Is there a directory of keys at all?  If not, the mask keys are lost with it. */
static bool
have_keys(const char *store, const char *keys)
{
	char beside[PATH_MAX];

	if (keys == NULL && !store_keys_beside(store, beside, sizeof(beside)))
		return (true); /* opening it says what is wrong */
	return (faccessat(AT_FDCWD, keys != NULL ? keys : beside, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT);
}

static int
open_all(struct recovering *r, struct err *e)
{
	const char *path, *keys;

	r->stream = app_arg(r->args, "stream");
	r->accept = app_arg(r->args, "accept-loss") != NULL;
	if (r->stream == NULL)
		return (err_set(e, ERR_USAGE, "--stream NAME is needed"));
	if (read_reason(r, e) == -1 ||
	    app_key_seed(r->args, "recovery", &r->recovery, e) == -1 ||
	    app_setup_open(r->args, r->stream, &r->setup, e) == -1 ||
	    app_store_path(r->args, &r->setup, &path, e) == -1)
		return (-1);
	keys = app_keys_path(r->args, &r->setup);
	r->mask_lost = !have_keys(path, keys);
	if (r->mask_lost && (!r->accept || r->recovery == NULL))
		return (err_set(e, ERR_CONFIG,
		    "the keys are lost as a whole: signing keys and mask keys. `recover "
		    "--accept-loss --reason TEXT --recovery FILE` makes new ones; without the "
		    "recovery key the store can be read and verified, and a new store begun"));
	return (store_open_lost(path, keys, r->accept ? r->recovery : NULL, &r->store, e));
}

/* Not there, erased or damaged; not what we may not read. */
static bool
is_lost(int fd, const char *name, const char *kind)
{
	struct key_slot slot;
	bool good = key_slot_read(fd, name, kind, &slot, NULL) == 0;
	int why = errno;

	crypto_wipe(&slot, sizeof(slot));
	return (!good && (why == ENOENT || why == ENODATA || why == EBADMSG));
}

static int
look_at_mask_keys(struct recovering *r, struct err *e)
{
	struct key_ring *ring = NULL;
	int fd = store_keys_fd(r->store), rc;

	if (r->mask_lost)
		return (0);
	if (is_lost(fd, "root.key", "root") || is_lost(fd, "kek", "kek") ||
	    (faccessat(fd, "keyring", F_OK, AT_SYMLINK_NOFOLLOW) == -1 &&
		faccessat(fd, "keyring.next", F_OK, AT_SYMLINK_NOFOLLOW) == -1)) {
		r->mask_lost = true;
		return (0);
	}
	rc = key_ring_open(fd, &ring, e);
	key_ring_free(ring);
	return (rc);
}

/* ---- saying ---- */

static const char *
say_keys(unsigned lost)
{
	static const char *const texts[] = { "good", "the log key is lost", "the epoch key is lost",
		"lost" };

	return (texts[lost & 3]);
}

static void
print_text(const struct recovering *r, struct buf *out)
{
	const struct store_loss *loss = &r->loss;

	buf_fmt(out, "stream %s\n", r->stream);
	buf_fmt(out, "  signing keys     %s\n", say_keys(loss->keys));
	buf_fmt(out, "  ... of the store %s\n", say_keys(loss->own));
	buf_fmt(out, "  mask keys        %s\n",
	    r->mask_lost ? "lost: tokens from now on match none of before" : "good");
	buf_fmt(out, "  open segment     %s%s\n", loss->word[0] == '\0' ? "good" : "alarm: ",
	    loss->word);
	if (loss->word[0] != '\0' && loss->why.text[0] != '\0')
		buf_fmt(out, "                   %s\n", loss->why.text);
	if (loss->word[0] != '\0')
		buf_fmt(out, "                   records in it: %s%llu\n",
		    loss->records == 0 ? "not known, " : "", (unsigned long long)loss->records);
	if (loss->alarm)
		buf_str(out, "  chain            has an alarm that nothing answers\n");
	buf_fmt(out, "  sealed           %llu records, they stay\n",
	    (unsigned long long)loss->sealed);
}

static void
print_json(const struct recovering *r, struct buf *out)
{
	const struct store_loss *loss = &r->loss;

	buf_char(out, '{');
	json_str(out, "stream", span_str(r->stream));
	json_bool(out, "log_lost", (loss->keys & STORE_LOST_LOG) != 0);
	json_bool(out, "epoch_lost", (loss->keys & STORE_LOST_EPOCH) != 0);
	json_bool(out, "store_keys_lost", loss->own != 0);
	json_bool(out, "mask_keys_lost", r->mask_lost);
	json_str(out, "alarm", span_str(loss->word));
	json_bool(out, "unanswered", loss->alarm);
	json_u64(out, "lost", loss->records);
	json_u64(out, "sealed", loss->sealed);
	json_bool(out, "accepted", r->accept);
	buf_str(out, "}\n");
}

static void
print_next(const struct recovering *r, bool nothing, struct buf *out)
{
	bool keys = r->loss.keys != 0 || r->loss.own != 0, ratchet = r->loss.word[0] != '\0';

	if (nothing)
		buf_str(out, "Nothing is lost.\n");
	else if (r->accept)
		buf_fmt(out,
		    "What was lost is given up, the chain says so; the stream goes on.\n%s",
		    !ratchet ? "" :
			       "If its key was given out (key escrow), give out the new one.\n");
	else
		buf_fmt(out,
		    "Nothing was changed. --accept-loss --reason TEXT%s gives up what is lost%s, "
		    "and the stream goes on.\n",
		    keys ? " --recovery FILE" : "",
		    ratchet ? " and erases the open segment" : "");
}

/* ---- doing ---- */

static int
accept_all(struct recovering *r, struct err *e)
{
	struct store_accept how = { .stream = r->stream, .names = app_names(),
		.recovery = r->recovery, .text = buf_view(&r->text) };

	if (store_accept(r->store, &how, &r->loss, e) == -1)
		return (-1);
	/* With a KEYS that was made anew there are new ones already. */
	return (r->mask_lost ? key_renew(store_keys_fd(r->store), e) : 0);
}

static int
recover(struct recovering *r, struct buf *out, bool *nothing, struct err *e)
{
	if (open_all(r, e) == -1 || look_at_mask_keys(r, e) == -1)
		return (-1);
	if ((r->accept ? accept_all(r, e) :
			 store_look(r->store, r->stream, app_names(), &r->loss, e)) == -1)
		return (-1);
	*nothing = store_loss_none(&r->loss) && !r->mask_lost;
	if (r->args->json) {
		print_json(r, out);
	} else {
		print_text(r, out);
		print_next(r, *nothing, out);
	}
	return (0);
}

/* What is left to do where a stream cannot go on. */
static void
hint(const struct recovering *r)
{
	struct buf lines = { 0 };

	if (r->loss.keys == 0 && r->loss.own == 0)
		return;
	buf_str(&lines,
	    "Lost signing keys are only replaced by the recovery key (--recovery FILE). Without "
	    "it the\nsealed records can still be read and verified; new ones need a new stream");
	buf_str(&lines, r->loss.own != 0 ? " of a new store.\n" : " (--stream OTHER).\n");
	app_hint(&lines);
	buf_free(&lines);
}

static int
run(const struct app_args *args)
{
	struct recovering r = { .args = args };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	bool nothing = false;
	int code;

	if (recover(&r, &out, &nothing, &e) == -1) {
		code = app_fail("recover", &e);
		hint(&r);
		buf_free(&out);
	} else {
		code = app_finish_words("recover", &out, nothing || r.accept ? 0 : ERR_FINDING);
	}
	crypto_secret_free(r.recovery);
	buf_free(&r.text);
	store_close(r.store);
	app_setup_close(&r.setup);
	return (code);
}

const struct app_command app_command_recover = { "recover",
	"say what a stream has lost, and give it up to go on", "", 0, 0, options,
	"After an alarm of pipe, a damaged ratchet, or lost keys. Without --accept-loss it only\n"
	"looks (and ends with 1 if something is lost). With it, the open segment is given up and\n"
	"erased if it or its ratchet is not what a crash leaves; what is sealed stays. Lost\n"
	"signing keys are replaced, if the store was made with a recovery key and --recovery\n"
	"names it. The chain says all of that; where something open was given up verify warns\n"
	"(W_LOSS_ACCEPTED).\n\n"
	"examples:\n"
	"  cretula recover --store ./store --stream shop\n"
	"  cretula recover --store ./store --stream shop --accept-loss --reason 'disk 2 died'\n"
	"  cretula recover --store ./store --stream shop --accept-loss --reason 'keys lost' \\\n"
	"      --recovery /media/stick/recovery\n",
	run };
