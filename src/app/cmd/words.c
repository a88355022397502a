/* app: cretula words: what a vocabulary shows, and what people add to it or take away. */
#include <string.h>

#include "app/command.h"
#include "app/names.h"
#include "app/retain/hold.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/words/words.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "key/key.h"
#include "store/erase/erase.h"
#include "store/store.h"
#include "store/words.h"

#define WORDS_BYTES_MAX ((size_t)64 << 20)

static const struct app_option options[] = {
	{ "all", NULL, "list: the words that cretula brings, too" },
	{ "by", "TEXT", "add, forget: who does it" },
	{ "config", "FILE", "cretula.yaml; list: its routes, openapi and docroot as well" },
	{ "from", "FILE", "add, forget: words, one a line (-: standard input)" },
	{ "keys", "DIR", "keys of the store (default: STORE.keys)" },
	{ "origin", "ORIGIN", "list: only learned, added, shipped, route, openapi or docroot" },
	{ "position", "PLACE", "add, forget: where, as `list` shows it" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "the stream" },
	{ NULL, NULL, NULL },
};

struct changing {
	const struct app_args *args;
	const char *stream, *store_path;
	bool forget;
	struct app_setup setup;
	struct store *store;
	struct store_stream *st;
	struct key_ring *ring;
	struct mask_words *words;
	struct buf from;      /* of --from */
	char since[16];
	size_t given, places; /* words, and lines that went */
	bool changed, said; /* said: by a run that a crash broke off */
	uint64_t sealed;
};

/* ---- what to do ---- */

static int
change_one(struct changing *c, struct span position, struct span word, struct err *e)
{
	int class_id = mask_words_class_of(position), places;

	c->given++;
	if (!c->forget)
		return (mask_words_add(c->words, (enum mask_word_class)class_id, position, word,
		    c->since, e));
	if ((places = mask_words_forget(c->words, position, word, e)) == -1)
		return (-1);
	c->places += (size_t)places;
	return (0);
}

/* "word", or "position TAB word" as list prints them. */
static int
change_lines(struct changing *c, struct span place, struct err *e)
{
	struct span rest = buf_view(&c->from);

	for (size_t number = 1; rest.len > 0; number++) {
		size_t len = span_find(rest, '\n');
		struct span line = span_of(rest.ptr, len), word = line, position = place;
		size_t tab;

		rest = span_from(rest, len + 1);
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			word.len = --line.len;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if ((tab = span_find(line, '\t')) < line.len) {
			position = span_of(line.ptr, tab);
			word = span_from(line, tab + 1);
			word.len = span_find(word, '\t');
		}
		if (change_one(c, position, word, e) == -1)
			return (err_in(e, "--from: line %zu", number));
	}
	return (0);
}

static int
change_all(struct changing *c, struct err *e)
{
	const char *position = app_arg(c->args, "position");
	struct span place = span_str(position != NULL ? position : c->forget ? "" : "/");

	for (int i = 1; i < c->args->operand_count; i++)
		if (change_one(c, place, span_str(c->args->operands[i]), e) == -1)
			return (err_in(e, "word %d", i));
	return (change_lines(c, place, e));
}

static int
read_from(struct changing *c, struct err *e)
{
	const char *path = app_arg(c->args, "from");

	if (path == NULL && c->args->operand_count < 2)
		return (err_set(e, ERR_USAGE, "which words? WORD... or --from FILE"));
	if (path == NULL)
		return (0);
	if (strcmp(path, "-") == 0)
		path = "/dev/stdin";
	return (app_words_read(path, WORDS_BYTES_MAX, &c->from, e));
}

/* ---- the store ---- */

static int
open_store(struct changing *c, char policy[static 65], struct err *e)
{
	unsigned char hash[32];
	bool created;

	if (app_words_there(c->store_path, c->stream, e) == -1)
		return (-1);
	mask_policy_hash(&c->setup.stream->policy, hash);
	policy[text_hex(policy, hash, sizeof(hash))] = '\0';
	if (store_open(c->store_path, app_keys_path(c->args, &c->setup), &c->store, &created, e) ==
		-1 ||
	    store_seal_left(c->store, c->stream, app_names(), &c->sealed, e) == -1 ||
	    store_stream_open(c->store, c->stream, policy, app_names(), &c->st, e) == -1) {
		if (e->code == ERR_BUSY)
			return (err_set(e, ERR_BUSY,
			    "stream %s: another cretula process is writing it; stop that (SIGTERM "
			    "seals what is open), then try again",
			    c->stream));
		return (-1);
	}
	return (key_ring_open(store_keys_fd(c->store), &c->ring, e));
}

/* As it can be believed.  Who forgets words says what is forgotten: learning goes on. */
static int
open_words(struct changing *c, struct err *e)
{
	struct store_words_found found;
	struct buf text = { 0 };
	int rc = store_words_settle(c->st, &text, &found, e);

	c->said = rc == 0 && found.said;
	if (rc == 0 && (rc = app_words_open(&c->setup, c->ring, &c->words, e)) == 0) {
		app_words_refused(c->stream, &found);
		rc = mask_words_load(c->words, buf_view(&text), "vocabulary", e);
	}
	if (rc == 0 && c->forget)
		mask_words_learn_again(c->words);
	if (rc == 0 && mask_words_stopped(c->words))
		app_words_closed(c->stream);
	buf_free(&text);
	return (rc);
}

static int
seal(struct changing *c, const char *policy, struct err *e)
{
	const char *by = app_arg(c->args, "by");
	struct buf file = { 0 };
	struct store_words_change change = { .policy_hash = policy,
		.by = span_str(by == NULL ? "" : by) };
	int rc = -1;

	mask_words_save(c->words, &file);
	change.file = buf_view(&file);
	if (!buf_ok(&file))
		(void)err_set(e, ERR_IO, "out of memory");
	else if (store_words_change(c->st, &change, &c->changed, e) == 0) {
		c->changed = c->changed || c->said;
		rc = c->changed ? store_stream_head(c->st, e) : 0;
	}
	buf_free(&file);
	return (rc);
}

static void
print(const struct changing *c, struct buf *out)
{
	size_t promoted = mask_words_promoted(c->words), marks = mask_words_forgotten(c->words);

	if (c->args->json) {
		buf_char(out, '{');
		json_str(out, "stream", span_str(c->stream));
		json_u64(out, c->forget ? "forgotten" : "added", c->given);
		if (c->forget)
			json_u64(out, "lines", c->places);
		json_u64(out, "words", promoted);
		json_u64(out, "marks", marks);
		json_bool(out, "changed", c->changed);
		buf_str(out, "}\n");
		return;
	}
	if (c->forget)
		buf_fmt(out, "stream %s: %zu forgotten, %zu line%s removed; %zu words stay\n",
		    c->stream, c->given, c->places, c->places == 1 ? "" : "s", promoted);
	else
		buf_fmt(out, "stream %s: %zu added; %zu words stay readable\n", c->stream, c->given,
		    promoted);
	if (c->forget)
		buf_str(out, "Records that were sealed before still have it: `cretula subject "
		    "rescrub --drop path` takes it out.\n");
}

static int
change(struct changing *c, struct buf *out, struct err *e)
{
	const char *by = app_arg(c->args, "by");
	char policy[65];

	(void)key_epoch_name(KEY_DAY, key_epoch_index(KEY_DAY, clock_now_us()), c->since);
	if ((c->stream = app_arg(c->args, "stream")) == NULL)
		return (err_set(e, ERR_USAGE, "--stream NAME is needed"));
	if (by != NULL && app_hold_text("by", span_str(by), e) == -1)
		return (-1);
	if (app_setup_open(c->args, c->stream, &c->setup, e) == -1 ||
	    app_store_path(c->args, &c->setup, &c->store_path, e) == -1 || read_from(c, e) == -1 ||
	    open_store(c, policy, e) == -1 || open_words(c, e) == -1 || change_all(c, e) == -1 ||
	    seal(c, policy, e) == -1)
		return (-1);
	print(c, out);
	return (0);
}

static int
run_change(const struct app_args *args, bool forget)
{
	struct changing c = { .args = args, .forget = forget };
	const char *name = forget ? "words forget" : "words add";
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int rc = change(&c, &out, &e);

	mask_words_close(c.words);
	key_ring_free(c.ring);
	store_stream_close(c.st);
	store_close(c.store);
	app_setup_close(&c.setup);
	buf_wipe(&c.from);
	if (rc == 0)
		return (app_finish(name, &out, 0));
	buf_free(&out);
	return (app_fail(name, &e));
}

static int
add(const struct app_args *args)
{
	return (run_change(args, false));
}

static int
forget(const struct app_args *args)
{
	return (run_change(args, true));
}

static const struct app_action actions[] = {
	{ "add", NULL, { "by", "config", "from", "keys", "position", "store", "stream" }, add,
	    true },
	{ "forget", NULL, { "by", "config", "from", "keys", "position", "store", "stream" }, forget,
	    true },
	{ "list", NULL, { "all", "config", "keys", "origin", "store", "stream" }, app_words_list,
	    false },
};

static int
run(const struct app_args *args)
{
	return (app_action_run(args, actions, sizeof(actions) / sizeof(actions[0])));
}

const struct app_command app_command_words = { "words",
	"list the words that stay readable, add some, or forget some",
	"list | add WORD... | forget WORD...", 0, -1, options,
	"list     shows the words of a stream's vocabulary: where they are readable, how they\n"
	"         came to be (learned, added), and since when. --config adds what its routes,\n"
	"         OpenAPI files and document roots name, --all what cretula brings along.\n"
	"add      makes words readable at a place (--position, / if not given): /shop is below\n"
	"         /shop, /users/* below any user, ? are names of parameters, ?sort the values\n"
	"         of sort, . are domains. A line of --from may be PLACE, a tab, WORD.\n"
	"forget   takes words away, everywhere or at a place, and they do not come back: what\n"
	"         is kept of them is a mark under a key in KEYS. The old file is overwritten.\n"
	"         A name is better given by `--from -` than on the command line. Where marks may\n"
	"         be missing, it is also what lets learning go on; if none was there, with\n"
	"         `--from /dev/null`.\n\n"
	"The change is sealed in the stream's chain. Stop a `pipe` on the stream first.\n\n"
	"examples:\n"
	"  cretula words list --store ./store --stream shop\n"
	"  cretula words add --store ./store --stream shop --position /shop shoes shirts\n"
	"  cretula words forget --store ./store --stream shop --from - < names\n",
	run };
