#include "audit/anchors/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "base/text.h"

#define WORDS_MAX (AUDIT_POLICY_WITNESSES_MAX * 2 + 4) /* of a line */
#define DAY_S 86400

/* ---- reading ---- */

struct line {
	struct audit_policy *policy;
	struct span words[WORDS_MAX];
	size_t count;
	struct err *e;
};

static int
bad(struct line *l, const char *text)
{
	return (err_set(l->e, ERR_CONFIG, "%s", text));
}

/* Which witness (below 64) or group (from 64) has that name?  -1: none. */
static int
find(const struct audit_policy *policy, struct span name)
{
	for (unsigned i = 0; i < policy->witness_count; i++)
		if (span_equal(policy->witnesses[i].name, name))
			return ((int)i);
	for (unsigned i = 0; i < policy->group_count; i++)
		if (span_equal(policy->groups[i].name, name))
			return ((int)i + AUDIT_POLICY_WITNESSES_MAX);
	return (-1);
}

static int
check_name(struct line *l, struct span name)
{
	if (span_is(name, "none"))
		return (bad(l, "'none' is no name"));
	return (find(l->policy, name) == -1 ? 0 : bad(l, "a name that is taken"));
}

static int
read_log(struct line *l)
{
	struct audit_policy *policy = l->policy;
	struct seal_vkey key;

	if (l->count < 2 || l->count > 3)
		return (bad(l, "log VKEY [URL]"));
	if (policy->log_count == AUDIT_POLICY_LOGS_MAX)
		return (bad(l, "too many logs"));
	if (seal_vkey_read(l->words[1], &key, l->e) == -1)
		return (bad(l, "not a log's vkey"));
	policy->logs[policy->log_count++] = l->words[1];
	return (0);
}

static int
read_witness(struct line *l)
{
	struct audit_policy *policy = l->policy;
	struct audit_policy_witness *made = &policy->witnesses[policy->witness_count];

	if (l->count < 3 || l->count > 4)
		return (bad(l, "witness NAME VKEY [URL]"));
	if (policy->witness_count == AUDIT_POLICY_WITNESSES_MAX)
		return (bad(l, "too many witnesses"));
	if (check_name(l, l->words[1]) == -1)
		return (-1);
	if (seal_witness_read(l->words[2], &made->key, l->e) == -1)
		return (bad(l, "not a witness's vkey"));
	/* Twice the same key would count for two in a quorum. */
	for (unsigned i = 0; i < policy->witness_count; i++)
		if (memcmp(policy->witnesses[i].key.public_key, made->key.public_key, 32) == 0)
			return (bad(l, "a witness that is there already"));
	made->name = l->words[1];
	made->vkey = l->words[2];
	policy->witness_count++;
	return (0);
}

static int
add_member(struct line *l, struct audit_policy_group *group, struct span name)
{
	int at = find(l->policy, name);
	uint64_t *set = at < AUDIT_POLICY_WITNESSES_MAX ? &group->witnesses : &group->groups;
	uint64_t bit;

	if (at == -1)
		return (bad(l, "a member that is not named before"));
	bit = UINT64_C(1) << (at % AUDIT_POLICY_WITNESSES_MAX);
	if ((*set & bit) != 0)
		return (bad(l, "a member twice"));
	*set |= bit;
	return (0);
}

static int
read_group(struct line *l)
{
	struct audit_policy *policy = l->policy;
	struct audit_policy_group made = { 0 };
	uint64_t members = l->count - 3, needed;

	if (l->count < 4)
		return (bad(l, "group NAME any|all|N MEMBER..."));
	if (policy->group_count == AUDIT_POLICY_WITNESSES_MAX)
		return (bad(l, "too many groups"));
	if (check_name(l, l->words[1]) == -1)
		return (-1);
	if (span_is(l->words[2], "any"))
		needed = 1;
	else if (span_is(l->words[2], "all"))
		needed = members;
	else if (num_u64(l->words[2], &needed) == -1)
		return (bad(l, "a group needs any, all or a number"));
	if (needed < 1 || needed > members)
		return (bad(l, "a group needs one to all of its members"));
	made.name = l->words[1];
	made.needed = (unsigned)needed;
	for (size_t i = 3; i < l->count; i++)
		if (add_member(l, &made, l->words[i]) == -1)
			return (-1);
	policy->groups[policy->group_count++] = made;
	return (0);
}

static int
read_quorum(struct line *l)
{
	struct audit_policy *policy = l->policy;
	int at;

	if (l->count != 2)
		return (bad(l, "quorum NAME|none"));
	if (policy->has_quorum)
		return (bad(l, "a second quorum"));
	policy->has_quorum = true;
	if (span_is(l->words[1], "none"))
		return (0);
	if ((at = find(policy, l->words[1])) == -1)
		return (bad(l, "a quorum that is not named before"));
	policy->quorum =
	    at < AUDIT_POLICY_WITNESSES_MAX ? AUDIT_QUORUM_WITNESS : AUDIT_QUORUM_GROUP;
	policy->quorum_at = (unsigned)at % AUDIT_POLICY_WITNESSES_MAX;
	return (0);
}

static const struct {
	const char *word;
	int (*read)(struct line *l);
} items[] = {
	{ "group", read_group },
	{ "log", read_log },
	{ "quorum", read_quorum },
	{ "witness", read_witness },
};

static int
cut_words(struct line *l, struct span text)
{
	l->count = 0;
	for (;;) {
		size_t len = 0;

		while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
			text = span_from(text, 1);
		if (text.len == 0)
			return (0);
		if (l->count == WORDS_MAX)
			return (bad(l, "too many words"));
		while (len < text.len && text.ptr[len] != ' ' && text.ptr[len] != '\t')
			len++;
		l->words[l->count++] = span_of(text.ptr, len);
		text = span_from(text, len);
	}
}

static int
read_line(struct line *l, struct span text)
{
	if (text.len > 0 && text.ptr[text.len - 1] == '\r')
		text.len--;
	if (cut_words(l, text) == -1)
		return (-1);
	if (l->count == 0 || l->words[0].ptr[0] == '#')
		return (0);
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (span_is(l->words[0], items[i].word))
			return (items[i].read(l));
	return (bad(l, "not log, witness, group or quorum"));
}

static int
read_lines(struct audit_policy *policy, struct err *e)
{
	struct line *l = calloc(1, sizeof(*l));
	struct span rest = buf_view(&policy->text);
	int rc = l == NULL ? err_memory(e) : 0;

	for (unsigned number = 1; rc == 0 && rest.len > 0; number++) {
		size_t len = span_find(rest, '\n');

		l->policy = policy;
		l->e = e;
		if (read_line(l, span_of(rest.ptr, len)) == -1)
			rc = err_in(e, "line %u", number);
		rest = span_from(rest, len + 1);
	}
	free(l);
	return (rc);
}

int
audit_policy_parse(struct span text, struct audit_policy **policy, struct err *e)
{
	struct audit_policy *made = calloc(1, sizeof(*made));

	if (made == NULL ||
	    (made->logs = calloc(AUDIT_POLICY_LOGS_MAX, sizeof(made->logs[0]))) == NULL)
		(void)err_memory(e);
	else if (text.len > AUDIT_POLICY_BYTES_MAX || !text_is_utf8(text))
		(void)err_set(e, ERR_CONFIG, "not a policy: %s",
		    text.len > AUDIT_POLICY_BYTES_MAX ? "too long" : "not UTF-8");
	else {
		buf_span(&made->text, text);
		if (!buf_ok(&made->text))
			(void)err_memory(e);
		else if (read_lines(made, e) == 0) {
			*policy = made;
			return (0);
		}
	}
	audit_policy_free(made);
	return (-1);
}

int
audit_policy_read(const char *path, struct audit_policy **policy, struct err *e)
{
	struct buf text = { 0 };
	int rc = -1;

	if (io_read_file(AT_FDCWD, path, AUDIT_POLICY_BYTES_MAX, &text, e) == -1) {
		if (errno == EFBIG)
			(void)err_set(e, ERR_CONFIG, "%s: longer than a policy can be", path);
	} else if ((rc = audit_policy_parse(buf_view(&text), policy, e)) == -1)
		(void)err_in(e, "%s", path);
	buf_free(&text);
	return (rc);
}

int
audit_policy_witness(const char *vkey, struct audit_policy **policy, struct err *e)
{
	struct buf text = { 0 };
	struct seal_vkey key;
	int rc = -1;

	if (seal_witness_read(span_str(vkey), &key, NULL) == -1)
		return (err_set(e, ERR_USAGE, "not a witness's vkey"));
	buf_fmt(&text, "witness witness %s\nquorum witness\n", vkey);
	if (!buf_ok(&text))
		(void)err_memory(e);
	else
		rc = audit_policy_parse(buf_view(&text), policy, e);
	buf_free(&text);
	return (rc);
}

void
audit_policy_free(struct audit_policy *policy)
{
	if (policy == NULL)
		return;
	buf_free(&policy->text);
	free(policy->logs);
	free(policy);
}

/* ---- asking ---- */

bool
audit_policy_names(const struct audit_policy *policy, struct span vkey)
{
	for (size_t i = 0; i < policy->log_count; i++)
		if (span_equal(policy->logs[i], vkey))
			return (true);
	return (policy->log_count == 0);
}

bool
audit_policy_met(const struct audit_policy *policy, uint64_t witnesses)
{
	uint64_t groups = 0;

	if (policy->quorum == AUDIT_QUORUM_NONE)
		return (true);
	if (policy->quorum == AUDIT_QUORUM_WITNESS)
		return ((witnesses >> policy->quorum_at & 1) != 0);
	/* Members are named before, so one pass is enough. */
	for (unsigned i = 0; i < policy->group_count; i++) {
		const struct audit_policy_group *group = &policy->groups[i];
		int have = __builtin_popcountll(group->witnesses & witnesses) +
		    __builtin_popcountll(group->groups & groups);

		if ((unsigned)have >= group->needed)
			groups |= UINT64_C(1) << i;
	}
	return ((groups >> policy->quorum_at & 1) != 0);
}

/* A line with the name and the key hash of the witness. */
static bool
has_line(const struct seal_note *note, const struct seal_vkey *key)
{
	for (unsigned i = 0; i < note->signature_count; i++)
		if (memcmp(note->signatures[i].id, key->id, sizeof(key->id)) == 0 &&
		    span_equal(note->signatures[i].name, key->name))
			return (true);
	return (false);
}

int
audit_policy_cosigned(const struct audit_policy *policy, const struct seal_note *note,
    int64_t now_us, uint64_t *witnesses, struct err *e)
{
	uint64_t found = 0, limit_s = (uint64_t)(now_us / 1000000) + DAY_S, time_s;

	for (unsigned i = 0; i < policy->witness_count; i++) {
		const struct audit_policy_witness *witness = &policy->witnesses[i];

		if (!has_line(note, &witness->key))
			continue;
		if (seal_cosignature_check(note, &witness->key, &time_s, e) == -1)
			return (-1);
		if (time_s > limit_s)
			return (err_set(e, ERR_FINDING, "a cosignature of a time to come"));
		found |= UINT64_C(1) << i;
	}
	*witnesses = found;
	return (0);
}
