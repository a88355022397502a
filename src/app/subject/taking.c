/* app: one stream that records are taken from. */
#include "app/subject/taking.h"

#include "app/names.h"
#include "app/say.h"
#include "app/tally/tally.h"
#include "base/text.h"
#include "config/config.h"

int
app_taking_read(struct app_taking *t, const char *since, const char *until, struct err *e)
{
	t->subject.records = &t->records;
	return (app_records_open(&t->records, t->store_path, t->stream, since, until, e));
}

/* A live stream is of the process that writes it. */
static int
say_busy(const struct app_taking *t, struct err *e)
{
	if (e->code != ERR_BUSY)
		return (-1);
	return (err_set(e, ERR_BUSY,
	    "stream %s: another cretula process is writing it; stop that (SIGTERM seals what is "
	    "open), then try again",
	    t->stream));
}

int
app_taking_open(
    struct app_taking *t, struct store *s, const struct config_stream *config, struct err *e)
{
	unsigned char hash[32];
	char policy[65];

	mask_policy_hash(&config->policy, hash);
	policy[text_hex(policy, hash, sizeof(hash))] = '\0';
	if (store_seal_left(s, t->stream, app_names(), &t->sealed, e) == -1 ||
	    store_stream_open(s, t->stream, policy, app_names(), &t->st, e) == -1)
		return (say_busy(t, e));
	return (store_eraser_open(t->st, &t->eraser, e));
}

/*
 * What was counted of the records goes with them (ADR 31): words of their paths
 * are in stats.db.  That this fails does not hold an erasure up.
 */
int
app_taking_do(struct app_taking *t, struct err *e)
{
	bool there = false;
	uint64_t counted;
	int rc;

	if (t->subject.chosen > 0)
		(void)app_tally_forget(t->store_path, t->stream, &there, &t->apart, &t->counted);
	rc = app_subject_carry_out(&t->subject, t->eraser, e);
	if (there && t->counted.code == ERR_NONE)
		(void)app_tally_rebuild(t->store_path, t->stream, false, &counted, &t->counted);
	if (rc == -1 || t->subject.done == 0)
		return (rc);
	/* An older copy of the stream, from before the erasure, shows. */
	return (store_stream_head(t->st, e));
}

void
app_taking_close(struct app_taking *t)
{
	store_eraser_close(t->eraser);
	store_stream_close(t->st);
	app_records_close(&t->records);
	buf_free(&t->subject.ranges);
	buf_free(&t->subject.plan);
	buf_free(&t->subject.entries);
}

void
app_taking_warn(const struct app_taking *t)
{
	if (t->sealed > 0)
		app_warn("subject",
		    "stream %s: the last writer did not stop; %ju records that it left open were "
		    "sealed",
		    t->stream, (uintmax_t)t->sealed);
	if (t->subject.done > 0 && t->counted.code != ERR_NONE)
		app_warn("subject",
		    "STORE/stats.db still has what was counted of such records, words of their "
		    "paths too (%s): see `cretula stats --rebuild`",
		    t->counted.text);
	else if (t->subject.done > 0 && t->apart)
		app_warn("subject",
		    "STORE/stats.db keeps what was counted of events of stream %s that have no "
		    "record (detail rules `count` and `slim`), words of their paths too: nobody "
		    "knows whose they were",
		    t->stream);
}
