/* trail: is a subject the only one with a few of its points? */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "crypto/random.h"
#include "risk/inside.h"

/* ---- first pass: the subjects with the smallest hashes, which are random ---- */

/* The trail of subject, or where it belongs. */
static uint32_t
trail_slot(const struct risk *r, uint64_t subject)
{
	uint32_t low = 0, high = r->trail_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (r->trails[middle].subject < subject)
			low = middle + 1;
		else
			high = middle;
	}
	return (low);
}

static void
meet(struct risk_trail *t, uint64_t point)
{
	uint64_t at;

	for (uint32_t i = 0; i < t->count; i++)
		if (t->points[i] == point)
			return;
	t->met++;
	if (t->count < RISK_TRAIL_POINTS) {
		t->points[t->count++] = point;
		return;
	}
	/* Each point that was met stays with the same chance (Vitter's algorithm R). */
	crypto_random(&at, sizeof(at));
	at %= t->met;
	if (at < RISK_TRAIL_POINTS)
		t->points[at] = point;
}

void
risk_trail_first(struct risk *r, uint64_t subject, uint64_t point)
{
	uint32_t at = trail_slot(r, subject);

	if (at == r->trail_count || r->trails[at].subject != subject) {
		if (at == RISK_TRAILS)
			return;
		if (r->trail_count < RISK_TRAILS)
			r->trail_count++;
		/* The largest falls out: it will never come back. */
		memmove(&r->trails[at + 1], &r->trails[at],
		    (r->trail_count - at - 1) * sizeof(r->trails[0]));
		memset(&r->trails[at], 0, sizeof(r->trails[at]));
		r->trails[at].subject = subject;
	}
	meet(&r->trails[at], point);
}

/* ---- between ---- */

static void
swap(uint64_t *a, uint64_t *b)
{
	uint64_t kept = *a;

	*a = *b;
	*b = kept;
}

static int
by_point(const void *a, const void *b)
{
	const struct risk_point *x = a, *y = b;

	return ((x->point > y->point) - (x->point < y->point));
}

int
risk_trail_choose(struct risk *r, struct err *e)
{
	size_t kept = 0;

	r->points = calloc((size_t)RISK_TRAILS * RISK_TRAIL_LEAST, sizeof(*r->points));
	if (r->points == NULL)
		return (err_sys(e, ERR_IO, "points"));
	for (uint32_t i = 0; i < r->trail_count; i++) {
		struct risk_trail *t = &r->trails[i];

		if (t->count < RISK_TRAIL_LEAST)
			continue;
		for (uint32_t k = 0; k < RISK_TRAIL_LEAST; k++) {
			uint32_t other;

			crypto_random(&other, sizeof(other));
			swap(&t->points[k], &t->points[k + other % (t->count - k)]);
			r->points[r->point_count++].point = t->points[k];
		}
	}
	qsort(r->points, r->point_count, sizeof(*r->points), by_point);
	for (size_t i = 0; i < r->point_count; i++)
		if (kept == 0 || r->points[i].point != r->points[kept - 1].point)
			r->points[kept++] = r->points[i];
	r->point_count = kept;
	return (0);
}

/* ---- second pass: who else was there ---- */

static struct risk_point *
find_point(const struct risk *r, uint64_t point)
{
	const struct risk_point key = { .point = point };

	return (r->point_count == 0
		? NULL
		: bsearch(&key, r->points, r->point_count, sizeof(key), by_point));
}

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

static void
sort_subjects(struct risk_point *p)
{
	uint32_t kept = 0;

	if (p->count == 0)
		return;
	qsort(p->subjects, p->count, sizeof(p->subjects[0]), by_value);
	for (uint32_t i = 0; i < p->count; i++)
		if (kept == 0 || p->subjects[i] != p->subjects[kept - 1])
			p->subjects[kept++] = p->subjects[i];
	p->count = kept;
}

static int
make_room(struct risk_point *p, struct err *e)
{
	uint64_t *subjects;

	sort_subjects(p);
	if (2 * p->count <= p->capacity && p->capacity > 0)
		return (0);
	if (p->capacity == RISK_POINT_SUBJECTS) {
		p->many = true;
		return (0);
	}
	p->capacity = p->capacity == 0 ? 8 : 2 * p->capacity;
	if ((subjects = realloc(p->subjects, p->capacity * sizeof(*subjects))) == NULL)
		return (err_sys(e, ERR_IO, "subjects of a point"));
	p->subjects = subjects;
	return (0);
}

int
risk_trail_second(struct risk *r, uint64_t subject, uint64_t point, struct err *e)
{
	struct risk_point *p = find_point(r, point);

	if (p == NULL || p->many)
		return (0);
	if (p->count == p->capacity && make_room(p, e) == -1)
		return (-1);
	if (!p->many)
		p->subjects[p->count++] = subject;
	return (0);
}

/* ---- the result ---- */

static bool
was_there(const struct risk_point *p, uint64_t subject)
{
	return (p->many ||
	    bsearch(&subject, p->subjects, p->count, sizeof(subject), by_value) != NULL);
}

/* Is nobody else at all of the first count points of t? */
static bool
is_unique(const struct risk *r, const struct risk_trail *t, uint32_t count)
{
	const struct risk_point *points[RISK_TRAIL_LEAST], *least = NULL;

	for (uint32_t i = 0; i < count; i++) {
		points[i] = find_point(r, t->points[i]);
		if (!points[i]->many && (least == NULL || points[i]->count < least->count))
			least = points[i];
	}
	if (least == NULL)
		return (false);
	for (uint32_t s = 0; s < least->count; s++) {
		uint32_t at = 0;

		if (least->subjects[s] == t->subject)
			continue;
		while (at < count && was_there(points[at], least->subjects[s]))
			at++;
		if (at == count)
			return (false);
	}
	return (true);
}

void
risk_trail_result(struct risk *r)
{
	r->result.trails = 0;
	memset(r->result.trails_unique, 0, sizeof(r->result.trails_unique));
	for (size_t i = 0; i < r->point_count; i++)
		sort_subjects(&r->points[i]);
	for (uint32_t i = 0; i < r->trail_count; i++) {
		const struct risk_trail *t = &r->trails[i];

		if (t->count < RISK_TRAIL_LEAST)
			continue;
		r->result.trails++;
		for (uint32_t k = 0; k < RISK_POINTS; k++)
			r->result.trails_unique[k] += is_unique(r, t, k + 2);
	}
}
