/* Every figure against one that is counted the slow way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "crypto/random.h"
#include "risk/risk.h"

#define HOUR ((int64_t)3600 * 1000000)
#define DAY (24 * HOUR)
#define ALL ((1u << RISK_COLUMN_COUNT) - 1)
#define ROWS 400

/* A record in short; what tells classes apart stands in value. */
struct row {
	int subject;
	int value[RISK_COLUMN_COUNT]; /* 0: absent */
	int path;
	int64_t time_us;
	char client[16], country[8], agent[16], os[16], referer[48], path_text[16];
};

static struct row rows[ROWS];
static unsigned state_of_dice = 7;

static int
dice(int sides)
{
	state_of_dice = state_of_dice * 1103515245u + 12345u;
	return ((int)(state_of_dice >> 16) % sides);
}

static void
make_rows(int count, int subjects, int kinds)
{
	for (int i = 0; i < count; i++) {
		struct row *r = &rows[i];

		memset(r, 0, sizeof(*r));
		r->subject = dice(subjects);
		for (int c = 0; c < RISK_COLUMN_COUNT; c++)
			r->value[c] = dice(kinds);
		r->value[RISK_HOUR] = 1 + dice(24);
		r->path = dice(4);
		r->time_us = dice(40) * DAY + (r->value[RISK_HOUR] - 1) * HOUR + dice(3600);
		snprintf(r->client, sizeof(r->client), "ip.%d", r->subject);
		snprintf(r->country, sizeof(r->country), "C%d", r->value[RISK_COUNTRY]);
		snprintf(r->agent, sizeof(r->agent), "A%d", r->value[RISK_AGENT]);
		snprintf(r->os, sizeof(r->os), "O%d", r->value[RISK_OS]);
		snprintf(r->referer, sizeof(r->referer), "https://r%d.example/%d", r->value[RISK_REFERER],
		    dice(9));
		snprintf(r->path_text, sizeof(r->path_text), "/p%d", r->path);
	}
}

static struct record
record_of(const struct row *r)
{
	struct record record;

	record_clear(&record);
	record.time_us = r->time_us;
	record_set_text(&record, RECORD_FIELD_CLIENT, span_str(r->client));
	record_set_text(&record, RECORD_FIELD_PATH, span_str(r->path_text));
	if (r->value[RISK_COUNTRY] != 0)
		record_set_text(&record, RECORD_FIELD_COUNTRY, span_str(r->country));
	if (r->value[RISK_ASN] != 0)
		record_set_int(&record, RECORD_FIELD_ASN, r->value[RISK_ASN]);
	if (r->value[RISK_AGENT] != 0) {
		record_set_text(&record, RECORD_FIELD_AGENT, span_str(r->agent));
		record_set_int(&record, RECORD_FIELD_AGENT_MAJOR, 100);
	}
	if (r->value[RISK_OS] != 0)
		record_set_text(&record, RECORD_FIELD_OS, span_str(r->os));
	if (r->value[RISK_REFERER] != 0)
		record_set_text(&record, RECORD_FIELD_REFERER, span_str(r->referer));
	return (record);
}

static void
measure(const struct risk_setup *setup, int count, struct risk_result *result)
{
	struct risk *r = NULL;
	struct err e;

	assert_int_equal(crypto_start(&e), 0);
	assert_int_equal(risk_open(setup, &r, &e), 0);
	for (int i = 0; i < count; i++) {
		struct record record = record_of(&rows[i]);

		assert_int_equal(risk_first(r, &record, &e), 0);
	}
	assert_int_equal(risk_between(r, &e), 0);
	for (int i = 0; i < count; i++) {
		struct record record = record_of(&rows[i]);

		assert_int_equal(risk_second(r, &record, &e), 0);
	}
	risk_result(r, result);
	risk_close(r);
}

/* ---- the slow way ---- */

static bool
same(const struct row *a, const struct row *b, unsigned set)
{
	for (int c = 0; c < RISK_COLUMN_COUNT; c++)
		if ((set >> c & 1) != 0 && a->value[c] != b->value[c])
			return (false);
	return (true);
}

static bool
inside(const struct row *r, const struct risk_setup *s)
{
	return (r->time_us >= s->since_us && r->time_us < s->until_us);
}

/* Subjects of i's class, those of the window only or all. */
static uint64_t
subjects_of(int i, int count, unsigned set, const struct risk_setup *s, bool window)
{
	uint64_t subjects = 0;

	for (int k = 0; k < count; k++) {
		bool first = !window || inside(&rows[k], s);

		if (!first || !same(&rows[i], &rows[k], set))
			continue;
		for (int j = 0; j < k && first; j++)
			first = rows[j].subject != rows[k].subject || !same(&rows[i], &rows[j], set) ||
			    (window && !inside(&rows[j], s));
		subjects += first;
	}
	return (subjects);
}

static struct risk_set
slowly(int count, unsigned set, const struct risk_setup *s)
{
	struct risk_set out = { .classes = 0 };

	for (int i = 0; i < count; i++) {
		uint64_t k, mapped;
		bool first = true;

		if (!inside(&rows[i], s))
			continue;
		k = subjects_of(i, count, set, s, true);
		mapped = subjects_of(i, count, set, s, false);
		out.records++;
		if (out.k_min == 0 || k < out.k_min)
			out.k_min = k;
		for (int l = 0; l < RISK_LEVELS; l++) {
			out.below[l] += k < risk_levels[l];
			out.mapped_below[l] += mapped < risk_levels[l];
		}
		for (int j = 0; j < i && first; j++)
			first = !inside(&rows[j], s) || !same(&rows[i], &rows[j], set);
		out.classes += first;
		out.pairs += first ? k : 0;
	}
	return (out);
}

static void
check_set(const char *what, const struct risk_set *got, const struct risk_set *want)
{
	if (memcmp(got, want, sizeof(*got)) != 0)
		fail_msg("%s: classes %llu of %llu, pairs %llu of %llu, k %llu of %llu, below 2: %llu "
			 "of %llu, mapped %llu of %llu",
		    what, (unsigned long long)got->classes, (unsigned long long)want->classes,
		    (unsigned long long)got->pairs, (unsigned long long)want->pairs,
		    (unsigned long long)got->k_min, (unsigned long long)want->k_min,
		    (unsigned long long)got->below[0], (unsigned long long)want->below[0],
		    (unsigned long long)got->mapped_below[0],
		    (unsigned long long)want->mapped_below[0]);
}

static void
classes_are_counted_right(void **state)
{
	static const struct {
		int count, subjects, kinds;
		unsigned columns;
		int64_t since_us, until_us;
	} cases[] = {
		{ 1, 1, 2, ALL, 0, 40 * DAY },
		{ 100, 30, 2, ALL, 0, 40 * DAY },
		{ 200, 50, 2, ALL, 20 * DAY, 30 * DAY },
		{ 200, 3, 3, 1u << RISK_OS | 1u << RISK_AGENT, 0, 40 * DAY },
		{ 200, 80, 2, 1u << RISK_COUNTRY, 39 * DAY, 40 * DAY },
		{ 100, 5, 2, ALL, 50 * DAY, 60 * DAY },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct risk_setup s = { .columns = cases[i].columns, .since_us = cases[i].since_us,
			.until_us = cases[i].until_us };
		int count = cases[i].count;
		struct risk_result result;
		struct risk_set want;

		make_rows(count, cases[i].subjects, cases[i].kinds);
		measure(&s, count, &result);
		want = slowly(count, s.columns, &s);
		check_set("all", &result.all, &want);
		assert_int_equal(result.records, want.records);
		assert_int_equal(result.population, count);
		for (unsigned c = 0; c < RISK_COLUMN_COUNT; c++) {
			if ((s.columns >> c & 1) == 0)
				continue;
			want = slowly(count, 1u << c, &s);
			check_set(risk_column_names[c], &result.one[c], &want);
			want = slowly(count, s.columns & ~(1u << c), &s);
			check_set("without", &result.without[c], &want);
		}
	}
}

/* Subjects with exactly four points, so that chance has no say. */
static void
trails_are_counted_right(void **state)
{
	struct risk_setup s = { .columns = ALL, .since_us = 0, .until_us = 40 * DAY };
	struct risk_result result;

	/* Ten pairs with equal trails, ten subjects alone, five with three points only. */
	make_rows(ROWS, 1, 1);
	for (int subject = 0; subject < 35; subject++)
		for (int point = 0; point < 4; point++) {
			struct row *r = &rows[4 * subject + point];
			int place = subject < 20 ? subject / 2 : subject;
			int at = subject >= 30 && point == 3 ? 2 : point;

			snprintf(r->client, sizeof(r->client), "ip.%d", subject);
			snprintf(r->path_text, sizeof(r->path_text), "/%d/%d", place, at);
			r->time_us = at * HOUR + subject;
		}
	measure(&s, 4 * 35, &result);
	assert_int_equal(result.trails, 30);
	for (int i = 0; i < RISK_POINTS; i++)
		assert_int_equal(result.trails_unique[i], 10);
	assert_int_equal(result.longest_us, 3 * HOUR);
}

/* More points are never less telling: the first two of four are two of them. */
static void
more_points_tell_more(void **state)
{
	struct risk_setup s = { .columns = ALL, .since_us = 0, .until_us = 40 * DAY };
	struct risk_result result;

	make_rows(ROWS, 20, 2);
	measure(&s, ROWS, &result);
	assert_int_equal(result.trails, 20);
	assert_true(result.trails_unique[0] <= result.trails_unique[1]);
	assert_true(result.trails_unique[1] <= result.trails_unique[2]);
}

static void
classes_of_one_path_are_found(void **state)
{
	struct risk_setup s = { .columns = 1u << RISK_OS, .since_us = 0, .until_us = 40 * DAY };
	struct risk_result result;

	make_rows(40, 10, 2);
	for (int i = 0; i < 40; i++) {
		/* Systems 1 and 2 by two subjects each, 3 by one; of 1 only one path. */
		rows[i].value[RISK_OS] = 1 + i % 3;
		snprintf(rows[i].os, sizeof(rows[i].os), "O%d", rows[i].value[RISK_OS]);
		snprintf(rows[i].client, sizeof(rows[i].client), "ip.%d.%d", i % 3,
		    i % 3 == 2 ? 0 : i / 3 % 2);
		snprintf(rows[i].path_text, sizeof(rows[i].path_text), "/%d", i % 3 == 1 ? i : 0);
	}
	measure(&s, 40, &result);
	assert_int_equal(result.shared, 2);
	assert_int_equal(result.shared_one_path, 1);
}

static void
a_full_table_samples_subjects(void **state)
{
	struct risk_setup s = { .columns = ALL, .since_us = 0, .until_us = 40 * DAY, .rows_max = 64 };
	struct risk_result whole, sampled;

	make_rows(ROWS, 200, 2);
	measure(&s, ROWS, &sampled);
	s.rows_max = 0;
	measure(&s, ROWS, &whole);
	assert_int_equal(whole.sampled, 0);
	assert_in_range(sampled.sampled, 1, 8);
	assert_int_equal(sampled.records, whole.records);
	assert_in_range(sampled.all.pairs, 1, 64);
	for (int c = 0; c < RISK_COLUMN_COUNT; c++)
		assert_true(sampled.one[c].k_min <= whole.one[c].k_min);
}

static void
records_without_a_client_are_counted_apart(void **state)
{
	struct risk_setup s = { .columns = ALL, .since_us = 0, .until_us = DAY };
	struct risk_result result;
	struct risk *r = NULL;
	struct record record;
	struct err e;

	assert_int_equal(crypto_start(&e), 0);
	assert_int_equal(risk_open(&s, &r, &e), 0);
	record_clear(&record);
	record.time_us = HOUR;
	assert_int_equal(risk_first(r, &record, &e), 0);
	record.time_us = 2 * DAY;
	assert_int_equal(risk_first(r, &record, &e), 0);
	assert_int_equal(risk_between(r, &e), 0);
	assert_int_equal(risk_second(r, &record, &e), 0);
	risk_result(r, &result);
	assert_int_equal(result.without_client, 1);
	assert_int_equal(result.records, 0);
	assert_int_equal(result.all.k_min, 0);
	assert_int_equal(result.present, 0);
	risk_close(r);
	risk_close(NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_are_counted_right),
		cmocka_unit_test(trails_are_counted_right),
		cmocka_unit_test(more_points_tell_more),
		cmocka_unit_test(classes_of_one_path_are_found),
		cmocka_unit_test(a_full_table_samples_subjects),
		cmocka_unit_test(records_without_a_client_are_counted_apart),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
