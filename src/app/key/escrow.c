/* app: cretula key escrow: the key of a ratchet leaves the machine. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/key/key.h"
#include "app/names.h"
#include "app/say.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "key/recovery.h"
#include "mask/policy.h"
#include "store/keys.h"

struct giving {
	const char *out; /* "-": standard output */
	uint64_t g;
};

/* Standard output may be a file, and that one may lie in a store. */
static int
check_output(struct err *e)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/fd/1", path, sizeof(path) - 1);

	if (len <= 0 || path[0] != '/')
		return (0);
	path[len] = '\0';
	return (strncmp(path, "/dev/", 5) == 0 ? 0 : key_outside(path, e));
}

static int
give(void *arg, const struct key_escrow *line, struct err *e)
{
	struct giving *giving = arg;
	struct buf out = { 0 };
	int rc;

	giving->g = line->g;
	if (strcmp(giving->out, "-") != 0)
		return (key_escrow_add(giving->out, line, e));
	key_escrow_print(line, &out);
	rc = check_output(e) == -1 ? -1 : app_print(&out, e);
	if (rc == 0 && app_output_closed())
		rc = err_set(e, ERR_IO, "nobody reads standard output");
	buf_wipe(&out);
	return (rc);
}

static int
escrow(const struct app_args *args, struct giving *giving, struct err *e)
{
	struct store_escrow how = { .stream = app_arg(args, "stream"), .names = app_names(),
		.give = give, .arg = giving };
	struct app_setup setup = { .config = NULL };
	unsigned char hash[32];
	struct store *s = NULL;
	char policy[65];
	int rc = -1;

	if (app_key_store(args, &setup, how.stream, false, &s, e) == 0) {
		mask_policy_hash(&setup.stream->policy, hash);
		policy[text_hex(policy, hash, sizeof(hash))] = '\0';
		how.policy = policy;
		rc = store_escrow(s, &how, e);
	}
	store_close(s);
	app_setup_close(&setup);
	return (rc);
}

int
app_key_escrow(const struct app_args *args)
{
	struct giving giving = { .out = app_arg(args, "out") };
	const char *stream = app_arg(args, "stream");
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };

	if (app_arg(args, "secret") != NULL)
		return (app_key_escrow_open(args));
	if (stream == NULL || giving.out == NULL)
		(void)err_set(&e, ERR_USAGE, "--stream NAME and --out FILE are needed");
	else if (args->json && strcmp(giving.out, "-") == 0)
		(void)err_set(&e, ERR_USAGE, "--json and --out - both want standard output");
	if (e.code != ERR_NONE || escrow(args, &giving, &e) == -1)
		return (app_fail("key escrow", &e));
	if (strcmp(giving.out, "-") == 0)
		return (0);
	if (args->json) {
		buf_char(&out, '{');
		json_str(&out, "stream", span_str(stream));
		json_u64(&out, "g", giving.g);
		json_str(&out, "out", span_str(giving.out));
		buf_str(&out, "}\n");
	} else {
		buf_fmt(&out,
		    "stream %s: what is committed from flush %llu on can be checked with %s\n"
		    "Move that file off this machine now: whoever has it here could forge what it "
		    "checks.\n",
		    stream, (unsigned long long)giving.g, giving.out);
	}
	return (app_finish("key escrow", &out, 0));
}
