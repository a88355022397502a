/* rows: what the first pass holds of each subject. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "crypto/random.h"
#include "risk/inside.h"

#define HOUR_US ((int64_t)3600 * 1000000)

const char *const risk_column_names[RISK_COLUMN_COUNT] = { "country", "asn", "agent", "os", "hour",
	"referer" };
const char *const risk_column_advice[RISK_COLUMN_COUNT] = { "give continents, or no country",
	"give the country only", "give the family without the version", "give no os",
	"give the day only", "give no referer" };
const unsigned risk_levels[RISK_LEVELS] = { 2, 5, 10 };

int
risk_open(const struct risk_setup *setup, struct risk **r, struct err *e)
{
	struct risk *made = calloc(1, sizeof(*made));

	if (made == NULL || (made->trails = calloc(RISK_TRAILS, sizeof(*made->trails))) == NULL) {
		free(made);
		return (err_sys(e, ERR_IO, "risk"));
	}
	made->setup = *setup;
	if (made->setup.rows_max == 0)
		made->setup.rows_max = RISK_ROWS_MAX;
	crypto_random(&made->seed, sizeof(made->seed));
	*r = made;
	return (0);
}

void
risk_close(struct risk *r)
{
	if (r == NULL)
		return;
	for (int c = 0; c < RISK_COLUMN_COUNT; c++) {
		free(r->codes[c].hashes);
		free(r->codes[c].codes);
	}
	for (size_t i = 0; i < r->point_count; i++)
		free(r->points[i].subjects);
	free(r->points);
	free(r->classes);
	free(r->trails);
	free(r->index);
	free(r->rows);
	free(r);
}

/* ---- codes: a number for each value of a column ---- */

static uint32_t
code_slot(const struct risk_codes *c, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (c->capacity - 1);

	while (c->codes[i] != 0 && c->hashes[i] != hash)
		i = (i + 1) & (c->capacity - 1);
	return (i);
}

static int
grow_codes(struct risk_codes *c, struct err *e)
{
	struct risk_codes more = { .capacity = c->capacity == 0 ? 64 : 2 * c->capacity };

	more.hashes = calloc(more.capacity, sizeof(*more.hashes));
	more.codes = calloc(more.capacity, sizeof(*more.codes));
	if (more.hashes == NULL || more.codes == NULL) {
		free(more.hashes);
		free(more.codes);
		return (err_sys(e, ERR_IO, "values of a column"));
	}
	for (uint32_t i = 0; i < c->capacity; i++)
		if (c->codes[i] != 0) {
			uint32_t to = code_slot(&more, c->hashes[i]);

			more.hashes[to] = c->hashes[i];
			more.codes[to] = c->codes[i];
		}
	more.count = c->count;
	free(c->hashes);
	free(c->codes);
	*c = more;
	return (0);
}

static int
code_of(struct risk_codes *c, uint64_t hash, uint32_t *code, struct err *e)
{
	uint32_t i;

	if (2 * c->count >= c->capacity && grow_codes(c, e) == -1)
		return (-1);
	i = code_slot(c, hash);
	if (c->codes[i] == 0) {
		c->hashes[i] = hash;
		c->codes[i] = ++c->count;
	}
	*code = c->codes[i];
	return (0);
}

/* "https://other.example/a" -> up to the path; a path of the own site is "own". */
static struct span
origin_of(struct span referer)
{
	size_t at = 0;

	if (referer.len > 0 && referer.ptr[0] == '/')
		return (span_of("/", 1));
	for (unsigned slashes = 0; at < referer.len; at++)
		if (referer.ptr[at] == '/' && ++slashes == 3)
			break;
	return (span_of(referer.ptr, at));
}

static uint64_t
hash_text(const struct risk *r, const struct record *record, enum record_field f)
{
	return (record_has(record, f) ? hash_span(record->text[f], r->seed) : 0);
}

static uint64_t
hash_number(const struct risk *r, int64_t n)
{
	return (hash_bytes(&n, sizeof(n), r->seed));
}

/* 0 if there is none. */
static uint64_t
value_of(const struct risk *r, const struct record *record, enum risk_column column)
{
	uint64_t hash;

	switch (column) {
	case RISK_COUNTRY: return (hash_text(r, record, RECORD_FIELD_COUNTRY));
	case RISK_OS: return (hash_text(r, record, RECORD_FIELD_OS));
	case RISK_ASN:
		return (record_has(record, RECORD_FIELD_ASN)
			? hash_number(r, record->number[RECORD_FIELD_ASN])
			: 0);
	case RISK_AGENT:
		hash = hash_text(r, record, RECORD_FIELD_AGENT);
		if (hash != 0 && record_has(record, RECORD_FIELD_AGENT_MAJOR))
			hash ^= hash_number(r, record->number[RECORD_FIELD_AGENT_MAJOR]);
		return (hash);
	case RISK_HOUR: return (hash_number(r, record->time_us / HOUR_US % 24));
	case RISK_REFERER:
		return (record_has(record, RECORD_FIELD_REFERER)
			? hash_span(origin_of(record->text[RECORD_FIELD_REFERER]), r->seed)
			: 0);
	default: return (0);
	}
}

/* The columns of a record as codes; codes that are new are made.  -1 without memory. */
static int
make_codes(struct risk *r, const struct record *record, uint32_t code[RISK_COLUMN_COUNT],
    struct err *e)
{
	for (int c = 0; c < RISK_COLUMN_COUNT; c++) {
		uint64_t value = (r->setup.columns >> c & 1) != 0
		    ? value_of(r, record, (enum risk_column)c)
		    : 0;

		code[c] = 0;
		if (value != 0 && code_of(&r->codes[c], value, &code[c], e) == -1)
			return (-1);
	}
	return (0);
}

static uint64_t
subject_of(const struct risk *r, const struct record *record)
{
	return (hash_text(r, record, RECORD_FIELD_CLIENT));
}

/* Where and when, to the hour; 0 if the record has no path. */
static uint64_t
point_of(const struct risk *r, const struct record *record)
{
	uint64_t path = hash_text(r, record, RECORD_FIELD_PATH);

	return (path == 0 ? 0 : path ^ hash_number(r, record->time_us / HOUR_US));
}

/* ---- rows ---- */

static uint64_t
row_hash(const struct risk *r, uint64_t subject, const uint32_t code[RISK_COLUMN_COUNT])
{
	return (hash_bytes(code, RISK_COLUMN_COUNT * sizeof(code[0]), r->seed ^ subject));
}

static uint32_t *
find_row(const struct risk *r, uint64_t subject, const uint32_t code[RISK_COLUMN_COUNT])
{
	uint32_t i = (uint32_t)row_hash(r, subject, code) & (r->index_capacity - 1);

	for (; r->index[i] != 0; i = (i + 1) & (r->index_capacity - 1)) {
		const struct risk_row *row = &r->rows[r->index[i] - 1];

		if (row->subject == subject && memcmp(row->code, code, sizeof(row->code)) == 0)
			break;
	}
	return (&r->index[i]);
}

static void
index_rows(struct risk *r)
{
	memset(r->index, 0, r->index_capacity * sizeof(*r->index));
	for (uint32_t i = 0; i < r->row_count; i++)
		*find_row(r, r->rows[i].subject, r->rows[i].code) = i + 1;
}

static int
grow_rows(struct risk *r, struct err *e)
{
	uint32_t capacity = r->row_capacity == 0 ? 1024 : 2 * r->row_capacity;
	struct risk_row *rows;
	uint32_t *index;

	if (capacity > r->setup.rows_max)
		capacity = r->setup.rows_max;
	if ((rows = realloc(r->rows, capacity * sizeof(*rows))) == NULL)
		return (err_sys(e, ERR_IO, "rows"));
	r->rows = rows;
	r->row_capacity = capacity;
	while (r->index_capacity < 2 * capacity)
		r->index_capacity = r->index_capacity == 0 ? 2048 : 2 * r->index_capacity;
	if ((index = realloc(r->index, r->index_capacity * sizeof(*index))) == NULL)
		return (err_sys(e, ERR_IO, "rows"));
	r->index = index;
	index_rows(r);
	return (0);
}

static bool
in_sample(const struct risk *r, uint64_t subject)
{
	return (r->result.sampled == 0 || subject >> (64 - r->result.sampled) == 0);
}

/* Every second subject goes; a class seems smaller then, so what is said errs on the safe side. */
static void
halve(struct risk *r)
{
	uint32_t kept = 0;

	r->result.sampled++;
	for (uint32_t i = 0; i < r->row_count; i++)
		if (in_sample(r, r->rows[i].subject))
			r->rows[kept++] = r->rows[i];
	r->row_count = kept;
	index_rows(r);
}

static void
count_record(struct risk_row *row, int64_t time_us)
{
	if (row->window == 0)
		row->first_us = row->last_us = time_us;
	if (time_us < row->first_us)
		row->first_us = time_us;
	if (time_us > row->last_us)
		row->last_us = time_us;
	row->window += row->window < UINT32_MAX;
}

/* The row of a subject and its columns; NULL in *found if the subject is not in the sample. */
static int
add_row(struct risk *r, uint64_t subject, const uint32_t code[RISK_COLUMN_COUNT],
    struct risk_row **found, struct err *e)
{
	uint32_t *at;
	struct risk_row *row;

	*found = NULL;
	if (r->row_count == r->row_capacity && r->row_capacity < r->setup.rows_max &&
	    grow_rows(r, e) == -1)
		return (-1);
	at = find_row(r, subject, code);
	if (*at == 0) {
		while (r->row_count == r->row_capacity && r->result.sampled < 63)
			halve(r);
		if (!in_sample(r, subject))
			return (0);
		at = find_row(r, subject, code);
		row = &r->rows[r->row_count++];
		row->subject = subject;
		memcpy(row->code, code, sizeof(row->code));
		row->window = 0;
		*at = r->row_count;
	}
	*found = &r->rows[*at - 1];
	return (0);
}

static bool
in_window(const struct risk *r, const struct record *record)
{
	return (record->time_us >= r->setup.since_us && record->time_us < r->setup.until_us);
}

int
risk_first(struct risk *r, const struct record *record, struct err *e)
{
	uint64_t subject = subject_of(r, record), point = point_of(r, record);
	uint32_t code[RISK_COLUMN_COUNT];
	bool window = in_window(r, record);
	struct risk_row *row;

	if (subject == 0) {
		r->result.without_client += window;
		return (0);
	}
	r->result.population++;
	r->result.records += window;
	if (window && point != 0)
		risk_trail_first(r, subject, point);
	if (!in_sample(r, subject))
		return (0);
	if (make_codes(r, record, code, e) == -1 || add_row(r, subject, code, &row, e) == -1)
		return (-1);
	if (row != NULL && window)
		count_record(row, record->time_us);
	return (0);
}

int
risk_between(struct risk *r, struct err *e)
{
	return (risk_classes_count(r, e) == -1 ? -1 : risk_trail_choose(r, e));
}

int
risk_second(struct risk *r, const struct record *record, struct err *e)
{
	uint64_t subject = subject_of(r, record), point = point_of(r, record);
	uint32_t code[RISK_COLUMN_COUNT];

	if (subject == 0 || !in_window(r, record))
		return (0);
	if (in_sample(r, subject)) {
		if (make_codes(r, record, code, e) == -1)
			return (-1);
		risk_classes_second(r, code, hash_text(r, record, RECORD_FIELD_PATH));
	}
	return (point == 0 ? 0 : risk_trail_second(r, subject, point, e));
}

void
risk_result(struct risk *r, struct risk_result *result)
{
	risk_trail_result(r);
	risk_classes_result(r);
	r->result.present = 0;
	for (int c = 0; c < RISK_COLUMN_COUNT; c++)
		if (r->codes[c].count > 0)
			r->result.present |= 1u << c;
	*result = r->result;
}
