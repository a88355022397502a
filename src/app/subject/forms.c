/* app: the forms of a value under the epochs of a segment, and records that have one. */
#include "app/subject/forms.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/names.h"
#include "app/restrict/box.h"
#include "base/err.h"
#include "base/json.h"
#include "base/scan.h"
#include "crypto/random.h"
#include "filter/filter.h"
#include "key/key.h"
#include "seal/lists.h"

#define FORMS_MAX 4096 /* of a segment */
#define EPOCHS_MAX 4096
#define CHUNK 8 /* forms of a filter, each at most three terms of 32 */
#define FILTERS_MAX (FORMS_MAX / CHUNK + 1)

/* A key that an entry says was destroyed: "import", or of an epoch. */
struct destroyed {
	char what[24];
	unsigned char commitment[32];
	size_t entry; /* index of that */
};

struct app_forms {
	struct app_form_keys keys;
	const struct mask_value *value;
	struct mask_forms *live, *import;
	/* of the segment at hand */
	struct mask_form *forms;
	size_t form_count;
	struct filter *filters[FILTERS_MAX];
	size_t filter_count;
	bool all; /* no filter says enough: each frame is read */
	struct bound { /* keys of what is bound to subjects */
		struct mask_forms *forms;
		enum key_period period;
		int64_t index;
	} bound[EPOCHS_MAX];
	size_t bound_count, epoch_count;
	/* of the stream at hand */
	struct buf gone; /* struct destroyed */
	struct app_found *found;
	const struct app_epoch *only;
	struct buf *alive; /* struct app_epoch */
};

/* ---- forms of a segment ---- */

static void
forget_filters(struct app_forms *f)
{
	while (f->filter_count > 0)
		filter_free(f->filters[--f->filter_count]);
	f->form_count = f->epoch_count = f->bound_count = 0;
	f->all = false;
}

/* What the names of a segment's epochs are walked with. */
struct epochs {
	struct app_forms *f;
	struct mask_forms *forms; /* NULL: all its keys are gone */
	const struct seal_segment *segment;
	size_t entry; /* index of the segment's */
	char seen[EPOCHS_MAX][16];
	size_t count;
	bool said; /* that the keys of its import are gone */
};

/*
 * Does the chain say so, behind the segment?  A key of that name that is there
 * all the same is another one.
 */
static bool
is_destroyed(const struct epochs *w, const char *epoch)
{
	const struct destroyed *list = (const struct destroyed *)(const void *)w->f->gone.data;

	for (size_t i = 0; i < w->f->gone.len / sizeof(*list); i++)
		if (strcmp(list[i].what, epoch) == 0 &&
		    (w->segment->has_mask_seed ?
			    memcmp(list[i].commitment, w->segment->mask_seed, 32) == 0 :
			    list[i].entry > w->entry))
			return (true);
	return (false);
}

/* Once for each segment, however many classes name the epoch in it. */
static int
add_gone(struct epochs *w, const char *epoch, struct err *e)
{
	struct buf *gone = &w->f->found->gone;
	struct app_gone *list = (struct app_gone *)(void *)gone->data, one = { 0 };
	bool destroyed = is_destroyed(w, epoch);

	for (size_t i = 0; i < gone->len / sizeof(one); i++)
		if (strcmp(list[i].epoch, epoch) == 0 && list[i].destroyed == destroyed) {
			list[i].segments++;
			list[i].records += w->segment->n;
			return (0);
		}
	(void)snprintf(one.epoch, sizeof(one.epoch), "%s", epoch);
	one.segments = 1;
	one.records = w->segment->n;
	one.destroyed = destroyed;
	w->f->found->missing += !destroyed;
	buf_add(gone, &one, sizeof(one));
	return (buf_ok(gone) ? 0 : err_memory(e));
}

static bool
was_seen(struct epochs *w, const char name[static 16])
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->seen[i], name) == 0)
			return (true);
	return (false);
}

static bool
is_epoch(const struct app_epoch *a, const struct app_epoch *b)
{
	return (a->import == b->import && a->period == b->period && a->index == b->index &&
	    memcmp(a->seed, b->seed, sizeof(a->seed)) == 0);
}

static int
add_alive(struct buf *alive, const struct app_epoch *one, struct err *e)
{
	const struct app_epoch *list = (const struct app_epoch *)(const void *)alive->data;

	for (size_t i = 0; i < alive->len / sizeof(*one); i++)
		if (is_epoch(&list[i], one))
			return (0);
	buf_add(alive, one, sizeof(*one));
	return (buf_ok(alive) ? 0 : err_memory(e));
}

/* The keys of an epoch, if they are there: what value is with them.  0: they are not. */
static unsigned
make_forms(struct epochs *w, enum key_period period, int64_t index)
{
	struct app_forms *f = w->f;
	unsigned made = mask_forms_of(w->forms, f->value, period, index, f->forms + f->form_count);

	f->form_count += made;
	if (!mask_forms_bound(w->forms, f->value, period, index))
		return (made);
	f->all = true;
	f->bound[f->bound_count++] = (struct bound){ w->forms, period, index };
	return (1);
}

static int
add_epoch(struct epochs *w, enum key_period period, int64_t index, struct err *e)
{
	struct app_forms *f = w->f;
	struct app_epoch one = { .import = w->segment->has_mask_seed };
	char name[16];
	unsigned made = 0;

	one.period = period;
	one.index = index;
	if (one.import)
		memcpy(one.seed, w->segment->mask_seed, sizeof(one.seed));
	(void)key_epoch_name(period, index, name);
	if (was_seen(w, name) || (f->only != NULL && !is_epoch(f->only, &one)))
		return (0);
	if (w->count == EPOCHS_MAX || f->form_count + MASK_FORMS_MAX > FORMS_MAX)
		return (err_set(e, ERR_CONFIG, "segment %ju is of too many epochs",
		    (uintmax_t)w->segment->seg));
	memcpy(w->seen[w->count++], name, sizeof(name));
	if (w->forms != NULL && (w->segment->has_mask_seed || !is_destroyed(w, name)))
		made = make_forms(w, period, index);
	f->epoch_count += made > 0;
	if (made > 0 && f->alive != NULL && add_alive(f->alive, &one, e) == -1)
		return (-1);
	if (made > 0 || w->said)
		return (0);
	w->said = w->segment->has_mask_seed;
	return (add_gone(w, w->said ? "import" : name, e));
}

/* "2026-W47", or "2026-W47..2026-W52". */
static int
add_range(struct epochs *w, struct span text, struct err *e)
{
	size_t dots = span_find(text, '.');
	bool range = span_starts(span_from(text, dots), span_str(".."));
	struct span last = range ? span_from(text, dots + 2) : text;
	enum key_period period, other;
	int64_t from, to;

	if (key_epoch_parse(range ? span_of(text.ptr, dots) : text, &period, &from) == -1 ||
	    key_epoch_parse(last, &other, &to) == -1 || other != period)
		return (err_set(e, ERR_FINDING, "segment %ju: an epoch has no name",
		    (uintmax_t)w->segment->seg));
	for (; from <= to; from++)
		if (add_epoch(w, period, from, e) == -1)
			return (-1);
	return (0);
}

static bool
is_meant(const struct app_forms *f, struct span prefix)
{
	const char *list = mask_value_prefixes[f->value->kind];

	return (prefix.len == 2 && memmem(list, strlen(list), prefix.ptr, 2) != NULL);
}

static int
add_epochs(struct epochs *w, struct err *e)
{
	struct json_value map, list, item;
	struct json_cursor classes, names;
	struct span prefix;

	if (json_parse(w->segment->mask_epochs, &map, e) == -1)
		return (-1);
	json_open(&classes, &map);
	while (json_next(&classes, &prefix, &list)) {
		if (!is_meant(w->f, prefix) || list.type != JSON_ARRAY)
			continue;
		json_open(&names, &list);
		while (json_next(&names, NULL, &item))
			if (add_range(w, item.text, e) == -1)
				return (-1);
	}
	return (0);
}

static int
compare(const void *a, const void *b)
{
	const struct mask_form *x = a, *y = b;

	return (span_order(span_of(x->text, x->len), span_of(y->text, y->len)));
}

/* ---- which frames ---- */

static void
put_term(struct buf *out, const char *field, const char *op, const struct mask_form *form)
{
	buf_fmt(out, "%s%s %s \"", out->len == 0 ? "" : " || ", field, op);
	for (size_t i = 0; i < form->len; i++) {
		if (form->text[i] == '"' || form->text[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, form->text[i]);
	}
	buf_char(out, '"');
}

static void
put_form(struct buf *out, enum mask_value_kind kind, const struct mask_form *form)
{
	static const struct {
		const char *field, *op;
	} second[MASK_VALUE_KINDS] = { { "forwarded", "==" }, { NULL, NULL }, { "query", "~=" },
		{ NULL, NULL } };
	static const char *const first[MASK_VALUE_KINDS] = { "client", "user", "session", "user" };

	put_term(out, first[kind], "==", form);
	if (second[kind].field != NULL)
		put_term(out, second[kind].field, second[kind].op, form);
	put_term(out, "extra", "==", form);
}

/* What cannot be asked for only costs time. */
static void
make_filters(struct app_forms *f)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < f->form_count && !f->all; i += CHUNK) {
		buf_clear(&text);
		for (size_t j = i; j < i + CHUNK && j < f->form_count; j++)
			put_form(&text, f->value->kind, &f->forms[j]);
		buf_char(&text, '\0');
		f->all = !buf_ok(&text) ||
		    filter_compile(text.data, &f->filters[f->filter_count], NULL) == -1;
		f->filter_count += !f->all;
	}
	buf_wipe(&text);
}

bool
app_forms_may(const struct app_forms *f, const struct store_skip *skip, size_t frame,
    int64_t since_us, int64_t until_us)
{
	bool may = f->all;

	for (size_t i = 0; i < f->filter_count && !may; i++)
		may = store_skip_may(skip, frame, f->filters[i], since_us, until_us);
	return (may);
}

bool
app_forms_needles(const struct app_forms *f, struct app_needles *needles)
{
	struct span list[APP_NEEDLES_MAX];
	bool good = !f->all && f->form_count <= APP_NEEDLES_MAX;

	for (size_t i = 0; i < f->form_count && good; i++) {
		list[i] = span_of(f->forms[i].text, f->forms[i].len);
		good = scan_json_plain(list[i]) == list[i].len; /* else it is escaped in a line */
	}
	return (good && app_needles_make(needles, list, f->form_count));
}

/* ---- records ---- */

static const struct mask_form *
find_form(const struct app_forms *f, struct span text)
{
	struct mask_form key;

	if (text.len == 0 || text.len > sizeof(key.text))
		return (NULL);
	key.len = (uint16_t)text.len;
	memcpy(key.text, text.ptr, text.len);
	return (bsearch(&key, f->forms, f->form_count, sizeof(key), compare));
}

/* A session may stand in a query, too. */
static const struct mask_form *
find_in_query(const struct app_forms *f, struct span query)
{
	static const struct span head = SPAN("se.");

	if (f->value->kind != MASK_VALUE_SESSION)
		return (NULL);
	while (query.len > 0) {
		const char *at = memmem(query.ptr, query.len, head.ptr, head.len);
		const struct mask_form *form;

		query = span_from(query, at == NULL ? query.len : (size_t)(at - query.ptr));
		if (query.len >= 19 && (form = find_form(f, span_of(query.ptr, 19))) != NULL)
			return (form);
		query = span_from(query, head.len);
	}
	return (NULL);
}

static int
take_better(int so_far, const struct mask_form *form)
{
	int now = form == NULL ? 0 : form->network ? 1 : 2;

	return (now > so_far ? now : so_far);
}

bool
app_forms_bound(const struct app_forms *f)
{
	return (f->bound_count > 0);
}

int
app_forms_judge(const struct app_forms *f, const struct record *r)
{
	static const enum record_field fields[MASK_VALUE_KINDS] = { RECORD_FIELD_CLIENT,
		RECORD_FIELD_USER, RECORD_FIELD_SESSION, RECORD_FIELD_USER };
	int got = 0;

	for (size_t i = 0; i < f->bound_count; i++)
		if (mask_forms_in(
			f->bound[i].forms, f->value, f->bound[i].period, f->bound[i].index, r))
			return (2);
	if (record_has(r, fields[f->value->kind]))
		got = take_better(got, find_form(f, r->text[fields[f->value->kind]]));
	for (size_t i = 0;
	     f->value->kind == MASK_VALUE_ADDRESS && i < r->forwarded_count && got < 2; i++)
		got = take_better(got, find_form(f, r->forwarded[i]));
	if (got < 2 && record_has(r, RECORD_FIELD_QUERY))
		got = take_better(got, find_in_query(f, r->text[RECORD_FIELD_QUERY]));
	for (size_t i = 0; record_has(r, RECORD_FIELD_EXTRA) && i < r->extra_count && got < 2; i++)
		if (!r->extra[i].is_number)
			got = take_better(got, find_form(f, r->extra[i].text));
	return (got);
}

/* ---- a segment ---- */

int
app_forms_stream(
    struct app_forms *f, const struct store_chain *chain, struct app_found *found, struct err *e)
{
	static const char type[] = "\"type\":\"destroy\"";
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct destroyed one;
	int rc = 0;

	if (entry == NULL)
		return (err_memory(e));
	f->found = found;
	buf_clear(&f->gone);
	for (size_t i = 0; i < chain->count && rc == 0; i++) {
		const struct span line = store_chain_line(chain, i);

		if (memmem(line.ptr, line.len, type, sizeof(type) - 1) == NULL)
			continue;
		if (seal_entry_read(line, app_names(), entry, e) == -1) {
			rc = err_in(e, "entry %zu", i);
			break;
		}
		if (entry->type != SEAL_DESTROY || entry->of.destroy.what.len >= sizeof(one.what))
			continue;
		one = (struct destroyed){ .entry = i };
		memcpy(one.what, entry->of.destroy.what.ptr, entry->of.destroy.what.len);
		memcpy(one.commitment, entry->of.destroy.commitment, sizeof(one.commitment));
		buf_add(&f->gone, &one, sizeof(one));
	}
	free(entry);
	return (rc == -1 || buf_ok(&f->gone) ? rc : err_memory(e));
}

int
app_forms_make(struct app_forms *f, const struct seal_entry *entry, struct err *e)
{
	const struct seal_segment *segment = &entry->of.segment;
	struct epochs *w = calloc(1, sizeof(*w));
	int rc = -1;

	if (w == NULL)
		return (err_memory(e));
	forget_filters(f);
	w->f = f;
	w->segment = segment;
	w->entry = (size_t)entry->index;
	w->forms = f->live;
	if (segment->has_mask_seed)
		w->forms =
		    f->keys.seed != NULL && crypto_equal(segment->mask_seed, f->keys.seed, 32) ?
		    f->import :
		    NULL;
	f->form_count = mask_forms_plain(f->value, f->forms);
	if (add_epochs(w, e) == 0) {
		if (f->only != NULL && f->epoch_count == 0)
			f->form_count = 0; /* it does not name it */
		make_filters(f);
		rc = 0;
	}
	/* Filters are of the forms as they were made; looking one up takes an order. */
	qsort(f->forms, f->form_count, sizeof(*f->forms), compare);
	if (f->epoch_count > f->found->epochs)
		f->found->epochs = f->epoch_count;
	free(w);
	return (rc);
}

int
app_forms_open(const struct app_form_keys *keys, const struct mask_value *value,
    struct app_forms **forms, struct err *e)
{
	struct app_forms *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->forms = calloc(FORMS_MAX, sizeof(*f->forms))) == NULL) {
		free(f);
		return (err_memory(e));
	}
	f->keys = *keys;
	f->value = value;
	f->live = mask_forms_open(keys->ring, keys->tenant);
	if (keys->import != NULL)
		f->import = mask_forms_open(keys->import, keys->tenant);
	if (f->live == NULL || (keys->import != NULL && f->import == NULL)) {
		app_forms_close(f);
		return (err_set(e, ERR_CONFIG, "no guarded memory for keys"));
	}
	*forms = f;
	return (0);
}

void
app_forms_epochs(struct app_forms *f, const struct app_epoch *only, struct buf *alive)
{
	f->only = only;
	f->alive = alive;
}

void
app_forms_close(struct app_forms *f)
{
	if (f == NULL)
		return;
	forget_filters(f);
	buf_free(&f->gone);
	mask_forms_close(f->live);
	mask_forms_close(f->import);
	crypto_wipe(f->forms, FORMS_MAX * sizeof(*f->forms)); /* one may be in clear */
	free(f->forms);
	free(f);
}
