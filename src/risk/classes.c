/* classes: records with equal columns, and how many subjects share them. */
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "risk/inside.h"

struct member {
	uint64_t hash; /* of the class */
	uint64_t subject;
	uint32_t window;
};

/* Of the columns in set. */
static uint64_t
hash_of(const uint32_t code[RISK_COLUMN_COUNT], unsigned set, uint64_t seed)
{
	uint32_t some[RISK_COLUMN_COUNT];

	for (int c = 0; c < RISK_COLUMN_COUNT; c++)
		some[c] = (set >> c & 1) != 0 ? code[c] : 0;
	return (hash_bytes(some, sizeof(some), seed));
}

static int
by_class(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->hash != y->hash)
		return (x->hash < y->hash ? -1 : 1);
	return ((x->subject > y->subject) - (x->subject < y->subject));
}

/* How many subjects members first to end have: with records of the window, and at all. */
static void
count_subjects(const struct member *first, const struct member *end, uint64_t *window,
    uint64_t *population, uint64_t *records)
{
	*window = *population = *records = 0;
	while (first < end) {
		uint64_t subject = first->subject, of_window = 0;

		for (; first < end && first->subject == subject; first++)
			of_window += first->window;
		(*population)++;
		*window += of_window > 0;
		*records += of_window;
	}
}

static void
add_class(struct risk_set *set, uint64_t window, uint64_t population, uint64_t records)
{
	if (window == 0)
		return;
	set->classes++;
	set->pairs += window;
	set->records += records;
	if (set->k_min == 0 || window < set->k_min)
		set->k_min = window;
	for (int i = 0; i < RISK_LEVELS; i++) {
		if (window < risk_levels[i])
			set->below[i] += records;
		if (population < risk_levels[i])
			set->mapped_below[i] += records;
	}
}

/* The classes of a set of columns; keep: also as r->classes. */
static void
count_set(struct risk *r, struct member *members, unsigned columns, struct risk_set *set, bool keep)
{
	const struct member *end = members + r->row_count, *next;

	for (uint32_t i = 0; i < r->row_count; i++)
		members[i] = (struct member){
			hash_of(r->rows[i].code, columns, r->seed),
			r->rows[i].subject, r->rows[i].window };
	qsort(members, r->row_count, sizeof(*members), by_class);
	for (const struct member *m = members; m < end; m = next) {
		uint64_t window, population, records;

		for (next = m; next < end && next->hash == m->hash; next++)
			;
		count_subjects(m, next, &window, &population, &records);
		add_class(set, window, population, records);
		if (keep && window > 0)
			r->classes[r->class_count++] =
			    (struct risk_class){ .hash = m->hash, .subjects = (uint32_t)window };
	}
}

static int
by_subject(const void *a, const void *b)
{
	const struct risk_row *x = *(const struct risk_row *const *)a,
			      *y = *(const struct risk_row *const *)b;

	return ((x->subject > y->subject) - (x->subject < y->subject));
}

/* The longest time over which one subject can be followed. */
static int
longest(struct risk *r, struct err *e)
{
	const struct risk_row **rows =
	    malloc((r->row_count + (size_t)1) * sizeof(struct risk_row *));
	uint32_t count = 0;

	if (rows == NULL)
		return (err_sys(e, ERR_IO, "rows"));
	for (uint32_t i = 0; i < r->row_count; i++)
		if (r->rows[i].window > 0)
			rows[count++] = &r->rows[i];
	qsort(rows, count, sizeof(struct risk_row *), by_subject);
	for (uint32_t i = 0, next; i < count; i = next) {
		int64_t first_us = rows[i]->first_us, last_us = rows[i]->last_us;

		for (next = i; next < count && rows[next]->subject == rows[i]->subject; next++) {
			if (rows[next]->first_us < first_us)
				first_us = rows[next]->first_us;
			if (rows[next]->last_us > last_us)
				last_us = rows[next]->last_us;
		}
		if (last_us - first_us > r->result.longest_us)
			r->result.longest_us = last_us - first_us;
	}
	free(rows);
	return (0);
}

int
risk_classes_count(struct risk *r, struct err *e)
{
	struct member *members = malloc((r->row_count + (size_t)1) * sizeof(*members));
	unsigned all = r->setup.columns;

	r->classes = calloc(r->row_count + (size_t)1, sizeof(*r->classes));
	if (members == NULL || r->classes == NULL) {
		free(members);
		return (err_sys(e, ERR_IO, "classes"));
	}
	for (unsigned c = 0; c < RISK_COLUMN_COUNT; c++) {
		if ((all >> c & 1) == 0)
			continue;
		count_set(r, members, 1u << c, &r->result.one[c], false);
		count_set(r, members, all & ~(1u << c), &r->result.without[c], false);
	}
	count_set(r, members, all, &r->result.all, true);
	free(members);
	return (longest(r, e));
}

static struct risk_class *
find_class(struct risk *r, uint64_t hash)
{
	size_t low = 0, high = r->class_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->classes[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return (low < r->class_count && r->classes[low].hash == hash ? &r->classes[low] : NULL);
}

void
risk_classes_second(struct risk *r, const uint32_t code[RISK_COLUMN_COUNT], uint64_t path)
{
	struct risk_class *class =
	    find_class(r, hash_of(code, r->setup.columns, r->seed));

	/* Between the passes a writer may have sealed more. */
	if (class == NULL)
		return;
	class->several = class->several || (class->met && class->path != path);
	class->met = true;
	class->path = path;
}

void
risk_classes_result(struct risk *r)
{
	r->result.shared = r->result.shared_one_path = 0;
	for (size_t i = 0; i < r->class_count; i++) {
		const struct risk_class *class = &r->classes[i];

		if (class->subjects < 2 || !class->met)
			continue;
		r->result.shared++;
		r->result.shared_one_path += !class->several;
	}
}
