#include "app/restrict/left_out.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/names.h"
#include "app/subject/forms.h"
#include "base/err.h"
#include "base/json.h"
#include "config/config.h"
#include "crypto/random.h"
#include "key/key.h"
#include "store/layout.h"

/* A restriction of the chain, of one epoch. */
struct one {
	char id[APP_BOX_ID_BYTES];
	struct app_epoch epoch;
	uint64_t entry;
	bool opened;
	unsigned char mac[32];
	size_t run_at, run_count; /* of found */
};

struct ended { /* a lift, or a key that was destroyed */
	char what[APP_BOX_ID_BYTES];
	unsigned char commitment[32];
	uint64_t entry;
	bool key;
};

struct app_left_out {
	struct buf list; /* struct one */
	struct buf ended; /* struct ended */
	struct buf found; /* struct seal_range, of all boxes that could be opened */
	struct buf runs; /* the same of those in force, ascending and apart */
};

/* Whose they are, or opened when the first box is met. */
struct keys {
	const char *store; /* NULL: as is there already */
	bool tried;
	int fd;
	struct key_ring *ring, *import;
	unsigned char seed[32];
	struct app_form_keys as;
};

static struct {
	char path[CONFIG_PATH_BYTES], tenant[CONFIG_NAME_BYTES];
} place = { "", "default" };

/* What is there already is not written: others may read it. */
static void
put(char *out, size_t size, const char *text)
{
	if (text != NULL && text[0] != '\0' && strlen(text) < size && strcmp(out, text) != 0)
		memcpy(out, text, strlen(text) + 1);
}

void
app_left_out_keys(const char *path, const char *tenant)
{
	put(place.path, sizeof(place.path), path);
	put(place.tenant, sizeof(place.tenant), tenant);
}

/* ---- keys ---- */

static void
close_keys(struct keys *k)
{
	key_ring_free(k->ring);
	key_ring_free(k->import);
	if (k->fd != -1)
		(void)close(k->fd);
}

/* Who has none is not told: it leaves out more. */
static void
open_keys(struct keys *k)
{
	char beside[PATH_MAX];
	const char *path = place.path;

	k->tried = true;
	if (path[0] == '\0' && store_keys_beside(k->store, beside, sizeof(beside)))
		path = beside;
	if ((k->fd = key_open_dir(path, NULL)) != -1 && key_ring_open(k->fd, &k->ring, NULL) == 0 &&
	    key_ring_open(k->fd, &k->import, NULL) == 0 &&
	    key_ring_import_look(k->import, k->seed) == -1) {
		key_ring_free(k->import);
		k->import = NULL;
	}
	k->as = (struct app_form_keys){ k->ring, k->import, k->seed, place.tenant };
}

/* ---- the chain ---- */

/* A box that is damaged hides, like one whose key is not here. */
static void
take_box(struct app_left_out *l, const struct app_box *box, uint64_t entry, struct keys *keys)
{
	struct one one = { .epoch = box->epoch, .entry = entry, .run_at = l->found.len };

	if (keys->store != NULL && !keys->tried)
		open_keys(keys);
	memcpy(one.id, box->id, sizeof(one.id));
	one.opened = keys->as.ring != NULL && app_box_open(box, &keys->as, one.mac, &l->found) == 0;
	if (!one.opened)
		l->found.len = one.run_at;
	one.run_count = (l->found.len - one.run_at) / sizeof(struct seal_range);
	buf_add(&l->list, &one, sizeof(one));
}

static void
take_config(struct app_left_out *l, const struct seal_entry *entry, struct keys *keys)
{
	const struct seal_config *config = &entry->of.config;
	struct ended end = { .entry = entry->index };
	struct app_box box;

	if (span_is(config->kind, APP_LIFT) && app_box_id_ok(config->text)) {
		memcpy(end.what, config->text.ptr, config->text.len);
		buf_add(&l->ended, &end, sizeof(end));
	} else if (span_is(config->kind, APP_RESTRICT) && app_box_read(config->text, &box) == 0)
		take_box(l, &box, entry->index, keys);
}

static void
take_destroy(struct app_left_out *l, const struct seal_entry *entry)
{
	const struct seal_destroy *destroy = &entry->of.destroy;
	struct ended end = { .entry = entry->index, .key = true };

	if (destroy->what.len >= sizeof(end.what))
		return;
	memcpy(end.what, destroy->what.ptr, destroy->what.len);
	memcpy(end.commitment, destroy->commitment, sizeof(end.commitment));
	buf_add(&l->ended, &end, sizeof(end));
}

static bool
ends(const struct ended *end, const struct one *one)
{
	char name[16];

	if (!end->key)
		return (strcmp(end->what, one->id) == 0 && end->entry > one->entry);
	if (one->epoch.import)
		return (memcmp(end->commitment, one->epoch.seed, 32) == 0);
	(void)key_epoch_name(one->epoch.period, one->epoch.index, name);
	return (strcmp(end->what, name) == 0 && end->entry > one->entry);
}

/* What is lifted, or over, is not in the list any more. */
static void
drop_ended(struct app_left_out *l)
{
	struct one *list = (struct one *)(void *)l->list.data;
	const struct ended *end = (const struct ended *)(const void *)l->ended.data;
	size_t count = l->list.len / sizeof(*list), kept = 0;

	for (size_t i = 0; i < count; i++) {
		bool over = false;

		for (size_t k = 0; k < l->ended.len / sizeof(*end) && !over; k++)
			over = ends(&end[k], &list[i]);
		if (!over)
			list[kept++] = list[i];
	}
	l->list.len = kept * sizeof(*list);
}

/* Few entries are of it: they are found by their text. */
static bool
may_be(struct span line)
{
	static const char *const texts[] = { "\"kind\":\"restrict\"", "\"kind\":\"lift\"",
		"\"type\":\"destroy\"" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (memmem(line.ptr, line.len, texts[i], strlen(texts[i])) != NULL)
			return (true);
	return (false);
}

static int
read_chain(
    struct app_left_out *l, const struct store_chain *chain, struct keys *keys, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = entry == NULL ? err_memory(e) : 0;

	for (size_t i = 0; i < chain->count && rc == 0; i++) {
		const struct span line = store_chain_line(chain, i);

		if (!may_be(line))
			continue;
		if (seal_entry_read(line, app_names(), entry, e) == -1)
			rc = err_in(e, "entry %zu", i);
		else if (entry->type == SEAL_CONFIG)
			take_config(l, entry, keys);
		else if (entry->type == SEAL_DESTROY)
			take_destroy(l, entry);
	}
	free(entry);
	if (rc == 0 && (!buf_ok(&l->list) || !buf_ok(&l->ended) || !buf_ok(&l->found)))
		rc = err_memory(e);
	if (rc == 0)
		drop_ended(l);
	return (rc);
}

/* ---- what is in force ---- */

static int
collect(struct app_left_out *l, struct err *e)
{
	const struct one *list = (const struct one *)(const void *)l->list.data;

	for (size_t i = 0; i < l->list.len / sizeof(*list); i++)
		buf_add(&l->runs, l->found.data + list[i].run_at,
		    list[i].run_count * sizeof(struct seal_range));
	if (!buf_ok(&l->runs))
		return (err_memory(e));
	seal_ranges_merge(&l->runs);
	return (0);
}

int
app_left_out_open(
    const struct store_chain *chain, const char *store, struct app_left_out **l, struct err *e)
{
	struct app_left_out *made = calloc(1, sizeof(*made));
	struct keys keys = { .store = store, .fd = -1 };
	int rc = made == NULL ? err_memory(e) : read_chain(made, chain, &keys, e);

	close_keys(&keys);
	*l = NULL;
	if (rc == 0 && made->list.len > 0 && (rc = collect(made, e)) == 0) {
		*l = made;
		return (0);
	}
	app_left_out_close(made);
	return (rc);
}

int
app_left_out_read(const struct store_chain *chain, const struct app_form_keys *as,
    struct app_left_out **l, struct err *e)
{
	struct keys keys = { .fd = -1, .as = *as };

	*l = calloc(1, sizeof(**l));
	return (*l == NULL ? err_memory(e) : read_chain(*l, chain, &keys, e));
}

static bool
is_of(const struct one *one, const char *id, const struct app_epoch *epoch,
    const unsigned char mac[static 32])
{
	return (one->opened && strcmp(one->id, id) == 0 && one->epoch.import == epoch->import &&
	    one->epoch.period == epoch->period && one->epoch.index == epoch->index &&
	    memcmp(one->epoch.seed, epoch->seed, sizeof(epoch->seed)) == 0 &&
	    crypto_equal(mac, one->mac, sizeof(one->mac)));
}

/* What of the runs is not in run stays. */
static void
take_run(struct buf *runs, const struct seal_range *run)
{
	struct seal_range *list = (struct seal_range *)(void *)runs->data, behind;
	size_t count = runs->len / sizeof(*list), kept = 0;
	bool split = false;

	for (size_t i = 0; i < count; i++) {
		struct seal_range one = list[i];

		if (one.last < run->first || one.first > run->last) {
			list[kept++] = one;
			continue;
		}
		if (one.first < run->first && one.last > run->last) {
			behind = (struct seal_range){ run->last + 1, one.last };
			split = true;
		}
		if (one.first < run->first)
			list[kept++] = (struct seal_range){ one.first, run->first - 1 };
		else if (one.last > run->last)
			list[kept++] = (struct seal_range){ run->last + 1, one.last };
	}
	runs->len = kept * sizeof(*list);
	if (!split)
		return;
	buf_add(runs, &behind, sizeof(behind));
	if (buf_ok(runs))
		seal_ranges_merge(runs);
}

size_t
app_left_out_less(const struct app_left_out *l, const char *id, const struct app_epoch *epoch,
    const unsigned char mac[static 32], struct buf *runs)
{
	const struct one *list = (const struct one *)(const void *)l->list.data;
	size_t count = 0;

	for (size_t i = 0; i < l->list.len / sizeof(*list); i++) {
		const struct seal_range *found =
		    (const struct seal_range *)(const void *)(l->found.data + list[i].run_at);

		if (!is_of(&list[i], id, epoch, mac))
			continue;
		count++;
		for (size_t k = 0; k < list[i].run_count && buf_ok(runs); k++)
			take_run(runs, &found[k]);
	}
	return (count);
}

void
app_left_out_close(struct app_left_out *l)
{
	if (l == NULL)
		return;
	buf_free(&l->list);
	buf_free(&l->ended);
	buf_free(&l->found);
	buf_free(&l->runs);
	free(l);
}

/* ---- what is asked ---- */

static bool
is_in(struct span text, const struct app_epoch *epoch)
{
	size_t dots = span_find(text, '.');
	bool range = span_starts(span_from(text, dots), span_str(".."));
	enum key_period period, other;
	int64_t from, to;

	if (key_epoch_parse(range ? span_of(text.ptr, dots) : text, &period, &from) == -1 ||
	    key_epoch_parse(range ? span_from(text, dots + 2) : text, &other, &to) == -1)
		return (true); /* nobody knows */
	return (period == epoch->period && from <= epoch->index && epoch->index <= to);
}

/* Of any class: whose value it was is not said. */
static bool
names_epoch(const struct seal_segment *segment, const struct app_epoch *epoch)
{
	struct json_value map, list, item;
	struct json_cursor classes, names;

	if (segment->has_mask_seed != epoch->import ||
	    (epoch->import && memcmp(segment->mask_seed, epoch->seed, 32) != 0))
		return (false);
	if (json_parse(segment->mask_epochs, &map, NULL) == -1)
		return (true);
	json_open(&classes, &map);
	while (json_next(&classes, NULL, &list)) {
		if (list.type != JSON_ARRAY)
			continue;
		json_open(&names, &list);
		while (json_next(&names, NULL, &item))
			if (is_in(item.text, epoch))
				return (true);
	}
	return (false);
}

static bool
meets(const struct app_left_out *l, const struct seal_segment *segment, uint64_t entry, bool opened)
{
	const struct one *list = (const struct one *)(const void *)l->list.data;

	for (size_t i = 0; i < l->list.len / sizeof(*list); i++)
		if (list[i].entry > entry && (opened || !list[i].opened) &&
		    names_epoch(segment, &list[i].epoch))
			return (true);
	return (false);
}

bool
app_left_out_hides(const struct app_left_out *l, const struct seal_segment *segment, uint64_t entry)
{
	return (meets(l, segment, entry, false));
}

bool
app_left_out_names(const struct app_left_out *l, const struct seal_segment *segment, uint64_t entry)
{
	return (meets(l, segment, entry, true));
}

bool
app_left_out_has(const struct app_left_out *l, uint64_t number)
{
	const struct seal_range *list = (const struct seal_range *)(const void *)l->runs.data;

	return (seal_ranges_meet(list, l->runs.len / sizeof(*list), number, number));
}

static bool
has_id(const struct buf *ids, const char *id)
{
	for (size_t at = 0; at < ids->len; at += APP_BOX_ID_BYTES)
		if (strcmp(ids->data + at, id) == 0)
			return (true);
	return (false);
}

int
app_left_out_of(const struct store_chain *chain, const struct app_form_keys *as,
    const struct mask_value *value, struct buf *ids, struct err *e)
{
	struct app_left_out *l = calloc(1, sizeof(*l));
	struct keys keys = { .fd = -1, .as = *as };
	int rc = l == NULL ? err_memory(e) : read_chain(l, chain, &keys, e);
	const struct one *list;
	unsigned char mac[32];

	for (size_t i = 0; rc == 0 && i < l->list.len / sizeof(*list); i++) {
		list = (const struct one *)(const void *)l->list.data + i;
		if (list->opened && app_box_mac(as, &list->epoch, value, mac) == 0 &&
		    crypto_equal(mac, list->mac, sizeof(mac)) && !has_id(ids, list->id))
			buf_add(ids, list->id, sizeof(list->id));
	}
	app_left_out_close(l);
	return (rc == -1 || buf_ok(ids) ? rc : err_memory(e));
}

int
app_left_out_is(const struct store_chain *chain, struct span id, struct err *e)
{
	struct app_left_out *l = calloc(1, sizeof(*l));
	struct keys keys = { .fd = -1 };
	int rc = l == NULL ? err_memory(e) : read_chain(l, chain, &keys, e);
	const struct one *list;

	for (size_t i = 0; rc == 0 && i < l->list.len / sizeof(*list); i++) {
		list = (const struct one *)(const void *)l->list.data + i;
		rc = span_is(id, list->id);
	}
	app_left_out_close(l);
	return (rc);
}
