/* app: what init makes; nothing that is there is written to. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/init/init.h"
#include "app/names.h"
#include "app/say.h"
#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/random.h"
#include "key/key.h"
#include "key/recovery.h"
#include "mask/policy.h"
#include "store/keys.h"

/* ---- nothing is overwritten ---- */

static int
is_free(const char *path, const char *what, const char *then, struct err *e)
{
	if (path == NULL || faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == -1)
		return (0);
	return (err_set(
	    e, ERR_CONFIG, "%s is there, and init overwrites nothing: %s %s", path, then, what));
}

int
app_init_free(const struct init_plan *plan, struct err *e)
{
	if (is_free(plan->config, "--config FILE", "`cretula check` it, or take another", e) ==
		-1 ||
	    is_free(plan->store, "--store DIR", "take another", e) == -1 ||
	    is_free(plan->keys, "--keys DIR", "take another", e) == -1 ||
	    is_free(plan->recovery_out, "--recovery-out FILE", "take another", e) == -1)
		return (-1);
	return (is_free(plan->escrow_out, "--escrow-out FILE", "take another", e));
}

/* ---- somebody else's files ---- */

/* Become the user of the store, or root again.  It is ours to come back to. */
static int
become(const struct init_plan *plan, bool back, struct err *e)
{
	const struct passwd *user = plan->user[0] != '\0' ? getpwnam(plan->user) : NULL;

	if (plan->user[0] == '\0' || geteuid() == (back || user == NULL ? 0 : user->pw_uid))
		return (0);
	if (back && (seteuid(0) == -1 || setegid(0) == -1))
		return (err_sys(e, ERR_CONFIG, "becoming root again"));
	if (!back && (user == NULL || setegid(user->pw_gid) == -1 || seteuid(user->pw_uid) == -1))
		return (err_sys(e, ERR_CONFIG, "becoming %s", plan->user));
	return (0);
}

/* The folder of path, made if it is not there; owner: the user's, if it is made. */
static int
make_folder(const struct init_plan *plan, const char *path, bool owned, struct err *e)
{
	const struct passwd *user = plan->user[0] != '\0' ? getpwnam(plan->user) : NULL;
	char folder[CONFIG_PATH_BYTES];
	char *slash;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	if ((slash = strrchr(folder, '/')) == NULL || slash == folder)
		return (0);
	*slash = '\0';
	if (access(folder, F_OK) == 0)
		return (0);
	if (make_folder(plan, folder, false, e) == -1 ||
	    io_mkdir(AT_FDCWD, folder, owned ? 0750 : 0755, e) == -1)
		return (-1);
	if (owned && user != NULL && chown(folder, user->pw_uid, user->pw_gid) == -1)
		return (err_sys(e, ERR_IO, "%s", folder));
	return (0);
}

/* ---- keys, store, streams ---- */

/* The file is root's, the store is not. */
static int
give(void *arg, const struct key_escrow *line, struct err *e)
{
	const struct init_plan *plan = arg;

	if (become(plan, true, e) == -1 || key_escrow_add(plan->escrow_out, line, e) == -1)
		return (-1);
	return (become(plan, false, e));
}

/* Each stream that a daemon will write, so that its genesis says that its key was given out. */
static int
make_streams(const struct init_plan *plan, const struct config *c, struct store *s, struct err *e)
{
	for (unsigned i = 0; i < c->stream_count && plan->escrow_out != NULL; i++) {
		struct store_escrow how = { .stream = c->streams[i].name,
			.names = app_names(),
			.give = give,
			.arg = (void *)(uintptr_t)plan };
		unsigned char hash[32];
		char policy[65];

		mask_policy_hash(&c->streams[i].policy, hash);
		policy[text_hex(policy, hash, sizeof(hash))] = '\0';
		how.policy = policy;
		if (store_escrow(s, &how, e) == -1)
			return (-1);
	}
	return (0);
}

static int
make_store(const struct init_plan *plan, const struct config *c, const unsigned char *seed,
    struct buf *anchor, struct err *e)
{
	struct store *s = NULL;
	bool created;
	int rc = -1;

	if (key_create(plan->keys, seed, e) == 0 &&
	    store_open(plan->store, plan->keys, &s, &created, e) == 0 &&
	    make_streams(plan, c, s, e) == 0)
		rc = store_anchor(s, anchor, e);
	store_close(s);
	return (rc);
}

/* The secret first: keys that name one which nobody has would be worse than none. */
static int
make_all(const struct init_plan *plan, const struct config *c, struct buf *anchor, struct err *e)
{
	unsigned char *seed = NULL;
	int rc = -1;

	if (make_folder(plan, plan->store, true, e) == -1 ||
	    make_folder(plan, plan->keys, true, e) == -1)
		return (-1);
	if (plan->recovery_out != NULL && (seed = crypto_secret_alloc(32, NULL)) == NULL)
		return (err_set(e, ERR_CONFIG, "no guarded memory for keys"));
	if (seed == NULL || key_recovery_create(plan->recovery_out, seed, e) == 0) {
		if (become(plan, false, e) == 0)
			rc = make_store(plan, c, seed, anchor, e);
		if (become(plan, true, NULL) == -1)
			rc = err_set(e, ERR_CONFIG, "cannot become root again");
	}
	crypto_secret_free(seed);
	return (rc);
}

/* ---- the configuration ---- */

int
app_init_make(const struct init_plan *plan, const struct buf *text, struct buf *anchor, bool *bad,
    struct err *e)
{
	char path[CONFIG_PATH_BYTES + 8];
	struct config *c = NULL;
	struct buf report = { 0 };
	int rc;

	(void)snprintf(path, sizeof(path), "%s.new", plan->config);
	*bad = false;
	if (make_folder(plan, plan->config, false, e) == -1 ||
	    io_replace(AT_FDCWD, path, buf_view(text), 0644, true, e) == -1)
		return (-1);
	if ((rc = config_load(path, &c, &report, e)) == -1) {
		*bad = true;
		if (plan->plain_formats)
			app_hint(&report);
	} else if ((rc = make_all(plan, c, anchor, e)) == 0)
		rc = io_link(AT_FDCWD, path, plan->config, e);
	if (rc == -1 && !*bad && access(plan->keys, F_OK) == 0)
		(void)err_in(e, "remove %s and %s, which were begun, and run it again", plan->keys,
		    plan->store);
	(void)io_unlink(AT_FDCWD, path, NULL);
	config_free(c);
	buf_free(&report);
	return (rc);
}
