#include "unit/mask/bed.h"

#include "base/buf.h"

static void
test_defaults(void **state)
{
	struct mask_policy p;

	mask_policy_default(&p);
	assert_int_equal(p.method[RECORD_CLASS_IP_PEER], MASK_TOKEN);
	assert_int_equal(p.method[RECORD_CLASS_CREDENTIAL], MASK_REDACT);
	assert_int_equal(p.method[RECORD_CLASS_CAMPAIGN], MASK_KEEP);
	assert_int_equal(p.words_k, 10);
	assert_string_equal(p.tenant, "default");
	for (int c = 0; c < RECORD_CLASS_COUNT; c++)
		assert_int_equal(mask_method_check((enum record_class)c, p.method[c], NULL), 0);
}

static void
test_methods(void **state)
{
	static const struct {
		const char *claim;
		enum record_class class_id;
		enum mask_method method;
		const char *error; /* NULL: allowed */
	} rows[] = {
		{ "an address may be a token", RECORD_CLASS_IP_PEER, MASK_TOKEN, NULL },
		{ "an address may look like one", RECORD_CLASS_IP_FWD, MASK_ADDRESS, NULL },
		{ "an address may be cut", RECORD_CLASS_IP_PEER, MASK_TRUNCATE, NULL },
		{ "an address is never kept", RECORD_CLASS_IP_PEER, MASK_KEEP,
		    "ip.peer: method \"keep\" is not allowed; "
		    "use one of: token, address, prefix, truncate, redact, drop, seal" },
		{ "a user is not cut", RECORD_CLASS_USER_AUTH, MASK_TRUNCATE,
		    "user.auth: method \"truncate\" is not allowed; "
		    "use one of: token, redact, drop, seal" },
		{ "a credential is no token", RECORD_CLASS_CREDENTIAL, MASK_TOKEN,
		    "credential: method \"token\" is not allowed; use one of: redact, drop" },
		{ "a card number is not kept", RECORD_CLASS_PAN, MASK_KEEP,
		    "pan: method \"keep\" is not allowed; use one of: redact, drop" },
		{ "a campaign is", RECORD_CLASS_CAMPAIGN, MASK_KEEP, NULL },
		{ "a path is kept only by words", RECORD_CLASS_PATH, MASK_KEEP,
		    "path: method \"keep\" is not allowed; use one of: token, redact, drop" },
		{ "an address may keep its neighbours", RECORD_CLASS_IP_PEER, MASK_PREFIX, NULL },
		{ "an address may be sealed", RECORD_CLASS_IP_PEER, MASK_SEAL, NULL },
		{ "a user may be sealed", RECORD_CLASS_USER_AUTH, MASK_SEAL, NULL },
		{ "a password may not", RECORD_CLASS_CREDENTIAL, MASK_SEAL,
		    "credential: method \"seal\" is not allowed; use one of: redact, drop" },
		{ "nor what often is one", RECORD_CLASS_USER_CLAIM, MASK_SEAL,
		    "user.claim: method \"seal\" is not allowed; use one of: token, redact, drop" },
		{ "nor what lets one in", RECORD_CLASS_SESSION, MASK_SEAL,
		    "session: method \"seal\" is not allowed; use one of: token, redact, drop" },
		{ "nor a card number", RECORD_CLASS_PAN, MASK_SEAL,
		    "pan: method \"seal\" is not allowed; use one of: redact, drop" },
		{ "nor what the schema does not know", RECORD_CLASS_UNKNOWN, MASK_SEAL,
		    "unknown: method \"seal\" is not allowed; use one of: redact, drop" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		int rc = mask_method_check(rows[i].class_id, rows[i].method, &e);

		if (rc != (rows[i].error == NULL ? 0 : -1))
			fail_msg("%s: %d", rows[i].claim, rc);
		if (rows[i].error == NULL)
			continue;
		assert_int_equal(e.code, ERR_CONFIG);
		assert_string_equal(e.text, rows[i].error);
	}
}

static void
test_names(void **state)
{
	assert_int_equal(mask_method_find(span_str("truncate")), MASK_TRUNCATE);
	assert_int_equal(mask_method_find(span_str("Token")), -1);
	assert_int_equal(mask_method_find(span_str("")), -1);
	assert_int_equal(mask_class_find(span_str("ip.peer")), RECORD_CLASS_IP_PEER);
	assert_int_equal(mask_class_find(span_str("ip")), -1);
}

static void
test_networks(void **state)
{
	static const struct {
		const char *text;
		const char *inside, *outside; /* NULL inside: no network */
	} rows[] = {
		{ "10.0.0.0/8", "10.255.1.2", "11.0.0.0" },
		{ "10.9.9.9/8", "10.0.0.1", "9.255.255.255" },
		{ "192.0.2.128/25", "192.0.2.255", "192.0.2.127" },
		{ "192.0.2.7", "192.0.2.7", "192.0.2.8" },
		{ "0.0.0.0/0", "203.0.113.9", "2001:db8::1" },
		{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1" },
		{ "2001:db8::1", "2001:db8::1", "2001:db8::2" },
		{ "2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::" },
		{ "::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3" },
		{ "::ffff:10.0.0.0/8", NULL, NULL },
		{ "10.0.0.0/33", NULL, NULL }, { "10.0.0.0/", NULL, NULL }, { "10.0.0/8", NULL, NULL },
		{ "2001:db8::/129", NULL, NULL }, { "fe80::1%eth0/64", NULL, NULL },
		{ "", NULL, NULL }, { "/8", NULL, NULL }, { "10.0.0.0/-1", NULL, NULL },
		{ "010.0.0.0/8", NULL, NULL }, { "example.com", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mask_network net;
		struct parse_addr in, out;
		int rc = mask_network_parse(span_str(rows[i].text), &net);

		if (rc != (rows[i].inside == NULL ? -1 : 0))
			fail_msg("\"%s\": %d", rows[i].text, rc);
		if (rc == -1)
			continue;
		assert_int_equal(parse_addr(span_str(rows[i].inside), &in), PARSE_ADDR_OK);
		assert_int_equal(parse_addr(span_str(rows[i].outside), &out), PARSE_ADDR_OK);
		if (!mask_network_has(&net, 1, in.bytes, in.len))
			fail_msg("%s has not %s", rows[i].text, rows[i].inside);
		if (mask_network_has(&net, 1, out.bytes, out.len))
			fail_msg("%s has %s", rows[i].text, rows[i].outside);
	}
}

static void
test_print(void **state)
{
	struct mask_policy p, q;
	struct buf out = { .data = NULL };
	unsigned char one[32], two[32];

	mask_policy_default(&p);
	assert_int_equal(mask_network_parse(span_str("10.1.2.3/8"), &p.own_networks[0]), 0);
	p.own_network_count = 1;
	strcpy(p.hosts[0], "shop.example.com");
	p.host_count = 1;
	mask_policy_print(&p, &out);
	assert_true(buf_ok(&out));
	assert_non_null(strstr(out.data, "\"own_networks\":[\"10.0.0.0/8\"]"));
	assert_non_null(strstr(out.data, "\"hosts\":[\"shop.example.com\"]"));
	assert_non_null(strstr(out.data, "\"ip.peer\":\"token\""));
	assert_non_null(strstr(out.data, "\"words\":{\"k\":10,\"mode\":\"learn\"}}"));
	mask_policy_hash(&p, one);
	q = p;
	mask_policy_hash(&q, two);
	assert_memory_equal(one, two, 32);
	q.has_seal_key = true;
	mask_policy_hash(&q, two);
	assert_memory_not_equal(one, two, 32);
	q = p;
	mask_epoch_set(&q, RECORD_CLASS_IP_PEER, KEY_DAY);
	mask_policy_hash(&q, two);
	assert_memory_not_equal(one, two, 32);
	q = p;
	q.path_token_shared = true;
	mask_policy_hash(&q, two);
	assert_memory_not_equal(one, two, 32);
	buf_free(&out);
}

/* What evidence prints says all of it: a policy that differs anywhere has another hash. */
static void
test_print_all(void **state)
{
	static const char *const parts[] = {
		"\"agents\":[\"probe\",\"robot\"]",
		"\"detail\":[{\"keep\":\"full\",\"when\":\"status >= 500\"},"
		"{\"keep\":\"slim\",\"when\":\"status < 400\"}]",
		"\"fields\":{\"referer\":\"redact\",\"agent\":\"drop\"}",
		"\"gaps\":true",
		"\"own_networks\":[\"10.0.0.0/8\",\"2001:db8::/32\"]",
		"\"path_token\":\"shared\"",
		"\"public_sample\":20",
		"\"quarantine_key\":\"",
		"\"seal_key\":\"",
		"\"rules\":[{\"class\":\"text\",\"name\":\"one\",\"not\":\"b\",\"pattern\":\"a\",\"test\":\"a\"},"
		"{\"class\":\"text\",\"name\":\"two\",\"not\":\"\",\"pattern\":\"c\",\"test\":\"c\"}]",
		"\"triggers\":[{\"for_s\":60,\"least\":20,\"raise\":\"full\",\"when\":\"error_burst\"},"
		"{\"for_s\":120,\"least\":30,\"raise\":\"slim\",\"when\":\"login_failures\"}]",
	};
	struct mask_policy p;
	struct buf out = { .data = NULL };

	mask_policy_default(&p);
	strcpy(p.agents[0], "probe");
	strcpy(p.agents[1], "robot");
	p.agent_count = 2;
	p.detail[0] = (struct detail_rule){ "status >= 500", DETAIL_FULL };
	p.detail[1] = (struct detail_rule){ "status < 400", DETAIL_SLIM };
	p.detail_count = 2;
	p.field_drop = UINT64_C(1) << RECORD_FIELD_AGENT;
	p.field_redact = UINT64_C(1) << RECORD_FIELD_REFERER;
	p.gaps = p.path_token_shared = p.has_seal_key = p.has_quarantine_key = true;
	p.sample = 20;
	assert_int_equal(mask_network_parse(span_str("10.1.2.3/8"), &p.own_networks[0]), 0);
	assert_int_equal(mask_network_parse(span_str("2001:db8::/32"), &p.own_networks[1]), 0);
	p.own_network_count = 2;
	p.rules[0] = (struct detect_rule){ "one", "a", "a", "b", RECORD_CLASS_TEXT };
	p.rules[1] = (struct detect_rule){ "two", "c", "c", "", RECORD_CLASS_TEXT };
	p.rule_count = 2;
	p.triggers[0] = (struct detail_trigger){ DETAIL_ERROR_BURST, DETAIL_FULL, 60000000, 20 };
	p.triggers[1] = (struct detail_trigger){ DETAIL_LOGIN_FAILURES, DETAIL_SLIM, 120000000, 30 };
	p.trigger_count = 2;
	mask_policy_print(&p, &out);
	assert_true(buf_ok(&out));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(out.data, parts[i]) == NULL)
			fail_msg("no %s in %s", parts[i], out.data);
	buf_free(&out);
}

/* ---- epochs ---- */

static void
test_periods(void **state)
{
	struct mask_policy p;
	struct err e;

	mask_policy_default(&p);
	for (int c = RECORD_CLASS_NONE + 1; c < RECORD_CLASS_COUNT; c++) {
		bool token = record_classes[c].prefix[0] != '\0';

		assert_int_equal(mask_epoch_check((enum record_class)c, KEY_DAY, &e), token ? 0 : -1);
		assert_int_equal(mask_epoch_check((enum record_class)c, KEY_MONTH, &e),
		    token && p.epoch[c] != KEY_DAY ? 0 : -1);
	}
	assert_int_equal(p.epoch[RECORD_CLASS_SESSION], KEY_DAY);
	assert_int_equal(p.epoch[RECORD_CLASS_DEVICE], KEY_DAY);
	assert_int_equal(p.epoch[RECORD_CLASS_USER_CLAIM], KEY_DAY);
	mask_epoch_set(&p, RECORD_CLASS_TLS, KEY_DAY);
	assert_int_equal(p.epoch[RECORD_CLASS_TEXT], KEY_DAY); /* both are xx. */
	assert_int_equal(p.epoch[RECORD_CLASS_PATH], KEY_WEEK);
}

static void
test_epochs(void **state)
{
	static const struct {
		int64_t add[6];
		unsigned count;
		const char *out;
	} rows[] = {
		{ { 20000 }, 1, "{\"se\":[\"2024-10-04\"]}" },
		{ { 20000, 20000 }, 2, "{\"se\":[\"2024-10-04\"]}" },
		{ { 20002, 20000 }, 2, "{\"se\":[\"2024-10-04\",\"2024-10-06\"]}" },
		{ { 20002, 20000, 20001 }, 3, "{\"se\":[\"2024-10-04..2024-10-06\"]}" },
		{ { 20000, 20001, 20005, 20004 }, 4,
		    "{\"se\":[\"2024-10-04..2024-10-05\",\"2024-10-08..2024-10-09\"]}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mask_policy policy;
		struct mask_epochs e;
		struct buf out = { .data = NULL };

		mask_policy_default(&policy);
		mask_epochs_clear(&e);
		for (unsigned n = 0; n < rows[i].count; n++)
			mask_epochs_add(&e, RECORD_CLASS_SESSION, rows[i].add[n]);
		mask_epochs_print(&e, &policy, &out);
		assert_string_equal(out.data, rows[i].out);
		buf_free(&out);
	}
}

static void
test_epochs_many(void **state)
{
	static struct mask_epochs e, more, all;
	struct buf out = { .data = NULL };
	struct mask_policy policy;

	mask_policy_default(&policy);
	mask_epochs_clear(&e);
	mask_epochs_clear(&more);
	mask_epochs_clear(&all);
	/* Every third day: more ranges than there are, so that neighbours join. */
	for (int i = 0; i < 100; i++) {
		mask_epochs_add(i % 2 == 0 ? &e : &more, RECORD_CLASS_SESSION, 20000 + 3 * i);
		assert_true(e.of[RECORD_CLASS_SESSION].count <= MASK_EPOCH_RANGES);
	}
	mask_epochs_merge(&all, &e);
	mask_epochs_merge(&all, &more);
	assert_true(all.of[RECORD_CLASS_SESSION].count <= MASK_EPOCH_RANGES);
	for (int i = 0; i < 100; i++) {
		bool found = false;

		for (unsigned n = 0; n < all.of[RECORD_CLASS_SESSION].count; n++)
			found = found || (all.of[RECORD_CLASS_SESSION].range[n].first <= 20000 + 3 * i &&
			    all.of[RECORD_CLASS_SESSION].range[n].last >= 20000 + 3 * i);
		assert_true(found);
	}
	for (unsigned n = 1; n < all.of[RECORD_CLASS_SESSION].count; n++)
		assert_true(all.of[RECORD_CLASS_SESSION].range[n].first >
		    all.of[RECORD_CLASS_SESSION].range[n - 1].last + 1);
	/* Classes of one prefix are one. */
	mask_epochs_clear(&e);
	mask_epochs_add(&e, RECORD_CLASS_TLS, 2917);
	mask_epochs_add(&e, RECORD_CLASS_SERVER, 2916);
	mask_epochs_add(&e, RECORD_CLASS_IP_PEER, 2916);
	mask_epochs_print(&e, &policy, &out);
	assert_string_equal(out.data,
	    "{\"ip\":[\"2025-W47\"],\"xx\":[\"2025-W47..2025-W48\"]}");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_methods),
		cmocka_unit_test(test_names), cmocka_unit_test(test_networks),
		cmocka_unit_test(test_print), cmocka_unit_test(test_print_all), cmocka_unit_test(test_periods), cmocka_unit_test(test_epochs),
		cmocka_unit_test(test_epochs_many),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
