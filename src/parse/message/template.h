/*
 * parse: messages of which the words are known.
 *
 * A template is text with fields: "Failed %m for %u from %a port %p".  Who
 * is named by %u or %t may have typed the name: the text behind the field is
 * looked for from the right, where nothing can be typed.
 *
 *	%u user        %v the same, up to the first of what follows
 *	%t other user  %w the same, up to the first of what follows
 *	%x user and address, the last word
 *	%a address     %p port      %s session        %k fingerprint of a key
 *	%m method      %y terminal  %d directory      %c command with arguments
 *	%o path        %r free text %n a number       %f name=value ...
 *	%l free text, up to the last of what follows
 *	%b database    %g program   %h name of a statement
 *	%q SQL         %e milliseconds                %z h:mm:ss
 */
#ifndef CRETULA_PARSE_MESSAGE_TEMPLATE_H
#define CRETULA_PARSE_MESSAGE_TEMPLATE_H

#include "parse/event.h"

/* SQL: a message, and the action if its first word is one. */
void parse_template_sql(struct span text, struct event *ev);

/* One more field of EXTRA, of a key that is ours; nothing if value is empty. */
void parse_template_extra(
    struct event *ev, const char *key, struct span value, enum event_extra_kind kind);

/* Fill ev with the fields of text.  False: text is another, and ev maybe touched. */
bool parse_template(const char *template, struct span text, struct event *ev);

#endif
