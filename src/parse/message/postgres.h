/*
 * parse: PostgreSQL's logs.
 *
 * stderr with any log_line_prefix that has a time in front and keeps its
 * parts apart by blanks, commas or colons; csvlog; pgaudit's messages in all
 * of them.
 */
#ifndef CRETULA_PARSE_MESSAGE_POSTGRES_H
#define CRETULA_PARSE_MESSAGE_POSTGRES_H

#include "parse/event.h"
#include "parse/parse.h"

parse_line_function parse_postgres, parse_postgres_csv;
parse_piece_function parse_piece_postgres; /* lines that begin with a blank go on */

/* "2025-11-24 10:11:12.003 CET" is the time of ev, or of a zone that nobody knows. */
bool parse_postgres_time(struct span text, struct event *ev);

/*
 * What a message tells: a login, a statement, or just itself.  level as
 * PostgreSQL names it; STATEMENT and QUERY are SQL.
 */
void parse_postgres_message(struct span level, struct span text, struct event *ev);

/* What the server says that it is at, of csvlog and jsonlog: who is let in is not there yet. */
void parse_postgres_stage(struct span stage, struct event *ev);

#endif
