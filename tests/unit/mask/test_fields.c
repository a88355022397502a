/* fields: what a policy takes away over the classes. */
#include "unit/mask/bed.h"

#include "mask/method/fields.h"

#define BIT(f) (UINT64_C(1) << (f))

static const char *
run(const struct mask_policy *p, const char *line, struct bed *bed)
{
	char text[4096];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	bed_open(bed, p);
	return (bed_run(bed, span_of(text, (size_t)len), 0));
}

#define LINE "192.0.2.7 - carol [24/Nov/2025:10:11:12 +0000] \"GET /erika?x=1 HTTP/1.1\" 200 5 " \
	"\"https://other.example/x\" \"curl/8.0\""

/* Every field that may go goes, alone, and leaves all others as they are. */
static void
test_each_field_alone(void **state)
{
	static struct bed bed;
	struct mask_policy p;

	for (unsigned f = 0; f < RECORD_FIELD_COUNT; f++)
		for (int method = 0; method < MASK_METHOD_COUNT; method++) {
			struct record_decoder *decoder = &bed.decoder;
			uint64_t all, want;
			struct record r;
			struct err e = { 0 };

			mask_policy_default(&p);
			(void)run(&p, LINE, &bed);
			assert_int_equal(record_decode(decoder,
			    span_of(bed.batch.records, bed.batch.records_len - 1), &r, &e), 0);
			all = want = r.present;
			bed_close(&bed);
			if (mask_field_check((enum record_field)f, (enum mask_method)method, &e) == -1) {
				assert_int_equal(e.code, ERR_CONFIG);
				continue;
			}
			if (method == MASK_DROP) {
				p.field_drop = BIT(f);
				want = all & ~BIT(f);
			} else
				p.field_redact = BIT(f);
			(void)run(&p, LINE, &bed);
			if (record_decode(decoder,
			    span_of(bed.batch.records, bed.batch.records_len - 1), &r, &e) != 0)
				fail_msg("%s: %s", record_fields[f].name, e.text);
			if (r.present != want)
				fail_msg("%s: %llx, not %llx", record_fields[f].name,
				    (unsigned long long)r.present, (unsigned long long)want);
			if (method == MASK_REDACT && record_has(&r, (enum record_field)f) &&
			    record_fields[f].type == RECORD_TEXT) {
				char class_text[64];

				snprintf(class_text, sizeof(class_text), "[%s]",
				    record_classes[record_fields[f].class_id].name);
				assert_true(span_is(r.text[f], class_text));
			}
			bed_close(&bed);
		}
}

static void
test_lines(void **state)
{
	static const struct {
		const char *claim;
		uint64_t drop, redact;
		const char *line;
	} rows[] = {
		{ "an agent without its system and version", BIT(RECORD_FIELD_OS) |
		    BIT(RECORD_FIELD_AGENT_MAJOR) | BIT(RECORD_FIELD_CLIENT), 0,
		    "{\"time\":\"2025-11-24T10:11:12.000Z\",\"event\":\"http.request\",\"method\":\"GET\","
		    "\"path\":\"/\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":5,\"agent\":\"curl\"}\n" },
		{ "without its client, and with its path as a class",
		    BIT(RECORD_FIELD_CLIENT) | BIT(RECORD_FIELD_AGENT) | BIT(RECORD_FIELD_AGENT_MAJOR),
		    BIT(RECORD_FIELD_PATH),
		    "{\"time\":\"2025-11-24T10:11:12.000Z\",\"event\":\"http.request\",\"method\":\"GET\","
		    "\"path\":\"[path]\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":5}\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct bed bed;
		struct mask_policy p;

		mask_policy_default(&p);
		p.field_drop = rows[i].drop;
		p.field_redact = rows[i].redact;
		assert_string_equal(run(&p, "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] "
		    "\"GET / HTTP/1.1\" 200 5 \"-\" \"curl/8.0\"", &bed), rows[i].line);
		bed_close(&bed);
	}
}

/* Tokens that were still to be computed for a field that went. */
static void
test_tokens_of_others_stay(void **state)
{
	static struct bed bed;
	struct mask_policy p;
	char text[4096] = "";
	struct record_decoder decoder;
	struct err e = { 0 };

	mask_policy_default(&p);
	p.field_drop = BIT(RECORD_FIELD_PATH);
	for (int i = 0; i < 12; i++)
		strcat(text, "192.0.2.7 - - [24/Nov/2025:10:11:12 +0000] \"GET /erika/x?zoe=1 HTTP/1.1\" "
		    "200 5 \"https://a.example/\" \"-\"\n");
	bed_open(&bed, &p);
	(void)bed_run(&bed, span_str(text), 0);
	assert_int_equal(bed.batch.record_count, 12);
	for (unsigned i = 0; i < 12; i++) {
		size_t start = i == 0 ? 0 : bed.batch.ends[i - 1];
		struct record r;

		assert_int_equal(record_decode(&decoder, span_of(bed.batch.records + start,
		    bed.batch.ends[i] - start - 1), &r, &e), 0);
		assert_false(record_has(&r, RECORD_FIELD_PATH));
		assert_fits(r.text[RECORD_FIELD_QUERY], "pn.#={int}");
	}
	bed_close(&bed);
}

/* What is not there is not counted; verify counts what is there. */
static void
test_counts_follow(void **state)
{
	static struct bed bed;
	struct mask_policy p;

	mask_policy_default(&p);
	p.field_drop = BIT(RECORD_FIELD_STATUS);
	(void)run(&p, LINE, &bed);
	assert_int_equal(bed.batch.counts.in.parsed, 1);
	assert_int_equal(bed.batch.counts.status[0], 1);
	bed_close(&bed);
}

/* What is a list goes whole; as a class it says how many there were. */
static void
test_lists(void **state)
{
	struct mask_policy p;
	struct record r;

	for (int drop = 0; drop < 2; drop++) {
		mask_policy_default(&p);
		*(drop ? &p.field_drop : &p.field_redact) = BIT(RECORD_FIELD_FORWARDED);
		p.field_drop |= drop ? BIT(RECORD_FIELD_EXTRA) : 0;
		record_clear(&r);
		r.present = BIT(RECORD_FIELD_FORWARDED) | BIT(RECORD_FIELD_EXTRA);
		r.forwarded[0] = r.forwarded[1] = span_str("if.abcdefghij234567");
		r.extra[0].key = r.extra[0].text = span_str("x");
		r.extra[0].is_number = false;
		r.forwarded_count = 2;
		r.extra_count = 1;
		mask_fields_take(&p, &r);
		assert_int_equal(r.forwarded_count, drop ? 0 : 2);
		assert_int_equal(r.extra_count, drop ? 0 : 1);
		assert_int_equal(r.present, drop ? 0 : BIT(RECORD_FIELD_FORWARDED) | BIT(RECORD_FIELD_EXTRA));
		for (unsigned i = 0; i < r.forwarded_count; i++)
			assert_true(span_is(r.forwarded[i], "[ip.fwd]"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_field_alone),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_tokens_of_others_stay),
		cmocka_unit_test(test_counts_follow),
		cmocka_unit_test(test_lists),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
