/* The kinds of anchors: cosignatures of witnesses, time stamps of authorities. */
#include <stdlib.h>
#include <string.h>

#include "audit/anchors/anchored.h"
#include "audit/anchors/policy.h"
#include "audit/anchors/stamp.h"
#include "base/clock.h"
#include "base/err.h"

/* ---- cosignatures ---- */

/* Is there a line by the witness that the entry names, with its time? */
static bool
has_said(const struct seal_note *note, const struct seal_anchor *anchor)
{
	for (unsigned i = 0; i < note->signature_count; i++) {
		const struct seal_signature *signature = &note->signatures[i];

		if (!signature->is_cosignature ||
		    (anchor->by.len > 0 && !span_equal(signature->name, anchor->by)))
			continue;
		if (!anchor->has_time ||
		    (anchor->time_us % 1000000 == 0 &&
			signature->time_s == (uint64_t)(anchor->time_us / 1000000)))
			return (true);
	}
	return (false);
}

static int
check_cosignature(
    const struct audit_anchor_input *in, uint64_t *cosigned, enum audit_code *code, struct err *e)
{
	const struct audit_policy *policy = in->options == NULL ? NULL : in->options->policy;
	struct seal_note *note = calloc(1, sizeof(*note));
	int rc = -1;

	if (note == NULL)
		return (err_memory(e));
	if (seal_note_read(in->file, note, e) == -1)
		(void)err_in(e, "not a note");
	else if (!span_equal(note->body, in->body))
		(void)err_set(e, ERR_FINDING, "a cosignature of another note");
	else if (!has_said(note, in->anchor))
		(void)err_set(e, ERR_FINDING, "not the cosignature that the entry names");
	else if (policy == NULL) {
		in->coverage->cosignatures_unchecked++;
		rc = 0;
	} else {
		*code = AUDIT_E_WITNESS;
		rc = audit_policy_cosigned(policy, note, clock_now_us(), cosigned, e);
		if (rc == 0 && *cosigned != 0)
			in->coverage->cosignatures++;
		else if (rc == 0)
			in->coverage->cosignatures_unchecked++;
	}
	free(note);
	return (rc);
}

/* ---- time stamps ---- */

/* genTime may be finer than an entry's time, which is of milliseconds. */
static int
check_times(const struct audit_anchor_input *in, int64_t time_us, struct err *e)
{
	if (time_us < in->sealed_us - in->sealed_us % 1000000)
		return (err_set(e, ERR_FINDING, "a time before what it stamps was sealed"));
	if (in->anchor->has_time && time_us - time_us % 1000 != in->anchor->time_us)
		return (err_set(e, ERR_FINDING, "not of the time that the entry names"));
	return (0);
}

static int
check_stamp(
    const struct audit_anchor_input *in, uint64_t *cosigned, enum audit_code *code, struct err *e)
{
	const struct audit_options *options = in->options;
	struct audit_stamp stamp;

	(void)cosigned;
	(void)code;
	if (audit_stamp_read(in->file, &stamp, e) == -1)
		return (-1);
	if (!audit_stamp_is_of(&stamp, in->body))
		return (err_set(e, ERR_FINDING, "a time stamp of something else"));
	if (check_times(in, stamp.time_us, e) == -1)
		return (-1);
	if (options == NULL || options->stamp == NULL) {
		in->coverage->stamps_unchecked++;
		return (0);
	}
	if (options->stamp(options->stamp_arg, stamp.token, in->body, stamp.time_us, e) == -1)
		return (-1);
	in->coverage->stamps++;
	return (0);
}

static const struct audit_anchor_kind kinds[] = {
	{ "cosignature", "cosig", check_cosignature },
	{ "tsr", "tsr", check_stamp },
};

const struct audit_anchor_kind *
audit_anchor_kind(struct span name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (span_is(name, kinds[i].name))
			return (&kinds[i]);
	return (NULL);
}
