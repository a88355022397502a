/* app: cretula key: create and show; never a secret on the screen. */
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/say.h"
#include "base/err.h"
#include "base/json.h"
#include "key/key.h"

static const struct app_option options[] = {
	{ "keys", "DIR", "the directory of the keys" },
	{ NULL, NULL, NULL },
};

static int
create(const struct app_args *args, const char *dir)
{
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };

	if (key_create(dir, &e) == -1)
		return (app_fail("key create", &e));
	if (args->json) {
		buf_char(&out, '{');
		json_str(&out, "keys", span_str(dir));
		buf_str(&out, "}\n");
	} else
		buf_fmt(&out,
		    "keys made in %s\nThey are nowhere else: without them a store can be "
		    "read and verified, never continued.\n",
		    dir);
	return (app_finish("key create", &out, 0));
}

static void
print_text(const struct key_ring *ring, const char *dir, struct buf *out)
{
	struct key_ring_facts facts;
	unsigned char commitment[32];
	char name[16];

	key_ring_describe(ring, &facts);
	buf_fmt(out, "keys %s\n  root id     ", dir);
	buf_hex(out, facts.root_id, sizeof(facts.root_id));
	buf_fmt(out, "\n  import      %s\n  epochs      %zu\n",
	    facts.import_open ? "one is unfinished, its mask key is kept until it is sealed"
			      : "none unfinished",
	    facts.epoch_count);
	for (size_t i = 0; i < facts.epoch_count; i++) {
		key_ring_epoch(ring, i, name, commitment);
		buf_fmt(out, "    %-12s", name);
		buf_hex(out, commitment, sizeof(commitment));
		buf_char(out, '\n');
	}
}

static void
print_json(const struct key_ring *ring, const char *dir, struct buf *out)
{
	struct key_ring_facts facts;
	unsigned char commitment[32];
	char name[16];

	key_ring_describe(ring, &facts);
	buf_char(out, '{');
	json_str(out, "keys", span_str(dir));
	json_key(out, "root_id");
	buf_char(out, '"');
	buf_hex(out, facts.root_id, sizeof(facts.root_id));
	buf_char(out, '"');
	json_bool(out, "import_open", facts.import_open);
	json_key(out, "epochs");
	buf_char(out, '[');
	for (size_t i = 0; i < facts.epoch_count; i++) {
		key_ring_epoch(ring, i, name, commitment);
		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "name", span_str(name));
		json_key(out, "commitment");
		buf_char(out, '"');
		buf_hex(out, commitment, sizeof(commitment));
		buf_str(out, "\"}");
	}
	buf_str(out, "]}\n");
}

static int
show(const struct app_args *args, const char *dir)
{
	struct err e = { ERR_NONE, "" };
	struct key_ring *ring = NULL;
	struct buf out = { 0 };
	int fd, rc;

	if ((fd = key_open_dir(dir, &e)) == -1)
		return (app_fail("key show", &e));
	rc = key_ring_open(fd, &ring, &e);
	(void)close(fd);
	if (rc == -1)
		return (app_fail("key show", &e));
	(args->json ? print_json : print_text)(ring, dir, &out);
	key_ring_free(ring);
	return (app_finish("key show", &out, 0));
}

static int
run(const struct app_args *args)
{
	const char *what = args->operands[0], *dir = app_arg(args, "keys");
	struct err e = { ERR_NONE, "" };

	if (dir == NULL)
		(void)err_set(&e, ERR_USAGE, "--keys DIR is needed");
	else if (strcmp(what, "create") == 0)
		return (create(args, dir));
	else if (strcmp(what, "show") == 0)
		return (show(args, dir));
	else
		(void)err_set(&e, ERR_USAGE, "'%s': create or show", what);
	return (app_fail("key", &e));
}

const struct app_command app_command_key = { "key", "make keys, or show what there is",
	"create|show", 1, 1, options,
	"create makes the mask keys of a store that will be made later (import does it by\n"
	"itself). show lists the epochs and their commitments, never a secret.\n\n"
	"examples:\n"
	"  cretula key create --keys /var/lib/cretula-keys\n"
	"  cretula key show --keys ./store.keys\n",
	run };
