/* risk: how well somebody can be singled out of the records of a stream. */
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/records.h"
#include "app/risk/print.h"
#include "app/role/place.h"
#include "app/say.h"
#include "base/clock.h"
#include "base/err.h"

#define POPULATION_US ((int64_t)30 * 86400 * 1000000)
#define ALL_COLUMNS ((1u << RISK_COLUMN_COUNT) - 1)

static const struct app_option options[] = {
	{ "columns", "LIST", "what would be given away; all: country,asn,agent,os,hour,referer" },
	{ "max-risk", "R", "exit 1 if the largest risk, 1 / smallest k, is above R, e.g. 0.09" },
	{ "since", "T", "only records from then on, RFC 3339 or -7d" },
	{ "store", "DIR", "the store" },
	{ "stream", "NAME", "its stream (default: the only one of the store)" },
	{ "until", "T", "before then" },
	{ NULL, NULL, NULL },
};

struct measuring {
	struct app_records records;
	struct record_decoder decoder;
	struct record record;
	struct risk *risk;
	int (*take)(struct risk *r, const struct record *record, struct err *e);
	struct risk_result result;
	struct app_risk_said said;
};

static int
read_columns(const char *list, unsigned *columns, struct err *e)
{
	*columns = list == NULL ? ALL_COLUMNS : 0;
	while (list != NULL && *list != '\0') {
		size_t len = strcspn(list, ",");
		int c = 0;

		while (c < RISK_COLUMN_COUNT &&
		    !span_is(span_of(list, len), risk_column_names[c]))
			c++;
		if (c == RISK_COLUMN_COUNT)
			return (err_set(e, ERR_USAGE,
			    "--columns: of country, asn, agent, os, hour and referer"));
		*columns |= 1u << c;
		list += len + (list[len] == ',' ? 1 : 0);
	}
	return (*columns != 0 ? 0 : err_set(e, ERR_USAGE, "--columns: none is given"));
}

static int
read_limit(const char *text, struct app_risk_said *said, struct err *e)
{
	char *end;

	if (text == NULL)
		return (0);
	said->limit = strtod(text, &end);
	said->has_limit = true;
	if (end == text || *end != '\0' || !(said->limit > 0.0 && said->limit <= 1.0))
		return (err_set(e, ERR_USAGE, "--max-risk: a number above 0, at most 1"));
	return (0);
}

/* Who could be meant: also those of the 30 days before the end of the window. */
static void
widen(struct measuring *m)
{
	int64_t end_us = m->said.until_us != INT64_MAX ? m->said.until_us : clock_now_us();

	if (m->said.since_us != INT64_MIN && end_us - POPULATION_US < m->said.since_us)
		m->records.since_us = end_us - POPULATION_US;
}

static int
open_all(struct measuring *m, const struct app_args *args, struct err *e)
{
	struct risk_setup setup = { 0 };

	m->said.stream = app_arg(args, "stream");
	if (read_columns(app_arg(args, "columns"), &setup.columns, e) == -1 ||
	    read_limit(app_arg(args, "max-risk"), &m->said, e) == -1 ||
	    app_records_open(&m->records, app_arg(args, "store"), m->said.stream,
		app_arg(args, "since"), app_arg(args, "until"), e) == -1)
		return (-1);
	m->said.since_us = m->records.since_us;
	m->said.until_us = m->records.until_us;
	widen(m);
	setup.since_us = m->said.since_us;
	setup.until_us = m->said.until_us;
	return (risk_open(&setup, &m->risk, e));
}

static int
take(void *arg, struct span line, struct err *e)
{
	struct measuring *m = arg;

	if (record_decode(&m->decoder, line, &m->record, e) == -1)
		return (err_in(e, "record %llu", (unsigned long long)m->records.number));
	if (m->record.time_us < m->records.since_us || m->record.time_us >= m->records.until_us)
		return (0);
	return (m->take(m->risk, &m->record, e));
}

static int
measure(struct measuring *m, struct err *e)
{
	m->take = risk_first;
	if (app_records_walk(&m->records, take, m, e) == -1 || risk_between(m->risk, e) == -1)
		return (-1);
	m->take = risk_second;
	if (app_records_walk(&m->records, take, m, e) == -1)
		return (-1);
	risk_result(m->risk, &m->result);
	m->said.result = &m->result;
	m->said.over = m->said.has_limit && m->result.all.k_min != 0 &&
	    1.0 / (double)m->result.all.k_min > m->said.limit;
	return (0);
}

static int
run(const struct app_args *given)
{
	struct app_args filled = *given, *args = &filled;
	struct app_place place = { 0 };
	static struct measuring m;
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	int code;

	m.records.stream_fd = -1;
	if (app_place_stream(args, &place, &e) == -1 || open_all(&m, args, &e) == -1 ||
	    measure(&m, &e) == -1)
		code = app_fail("risk", &e);
	else {
		(args->json ? app_risk_json : app_risk_text)(&m.said, &out);
		code = app_finish_words("risk", &out, m.said.over ? ERR_FINDING : 0);
	}
	risk_close(m.risk);
	app_records_close(&m.records);
	return (code);
}

const struct app_command app_command_risk = { "risk", "how well somebody can be singled out", "", 0,
	0, options,
	"A client is a value of the field client. Records with equal columns are a class, k\n"
	"is the number of its clients: whoever knows these columns of somebody has it down\n"
	"to k. A trail is what a token links: with a few known hours and paths, how many\n"
	"clients are the only one? The hour is that of the day (UTC). docs/privacy.md\n"
	"explains the figures.\n\n"
	"examples:\n"
	"  cretula risk --store ./store --stream shop\n"
	"  cretula risk --store ./store --stream shop --columns agent,os --max-risk 0.09\n"
	"  cretula risk --store ./store --stream shop --json | jq .all.records_below\n",
	run };
