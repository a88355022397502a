/* parse: what the programs that let people in say. */
#include "parse/message/auth.h"
#include "parse/message/template.h"
#include "parse/envelope/envelope.h"
#include "parse/field.h"

static const struct message {
	const char *program, *template, *action, *outcome;
} messages[] = {
#define MESSAGE(program, template, action, outcome) { program, template, action, outcome },
#include "parse/message/auth.def"
#undef MESSAGE
};

static bool
begins(struct span text, const char *with)
{
	size_t len = strlen(with);

	return (text.len >= len && memcmp(text.ptr, with, len) == 0);
}

/* "pam_unix(sshd:auth): text": text moves behind it. */
static bool
take_pam(struct span *text)
{
	size_t end;

	if (!begins(*text, "pam_"))
		return (false);
	end = span_find(*text, ')');
	if (end + 2 >= text->len || text->ptr[end + 1] != ':')
		return (false);
	*text = span_from(*text, end + 2);
	while (text->len > 0 && text->ptr[0] == ' ')
		*text = span_from(*text, 1);
	return (true);
}

/* "message repeated 3 times: [ text]": text is what is inside. */
static int64_t
take_repeated(struct span *text)
{
	static const char start[] = "message repeated ", middle[] = " times: [ ";
	struct span rest;
	int64_t times;
	size_t len;

	if (!begins(*text, start) || text->ptr[text->len - 1] != ']')
		return (0);
	rest = span_from(*text, sizeof(start) - 1);
	len = span_find(rest, ' ');
	if (!parse_field_digits(span_of(rest.ptr, len), &times) ||
	    !begins(span_from(rest, len), middle) || rest.len < len + sizeof(middle))
		return (0);
	rest = span_from(rest, len + sizeof(middle) - 1);
	*text = span_of(rest.ptr, rest.len - 1);
	return (times);
}

/* "sshd-session" says what sshd says, "sudo-i" what sudo says. */
static bool
is_program(struct span program, const char *name)
{
	size_t len = strlen(name);

	return (begins(program, name) && (program.len == len || program.ptr[len] == '-'));
}

/* Without an envelope: "sshd[991]: text". */
static struct span
program_of(const struct parse_state *state, struct span *text)
{
	size_t name = 0, end;
	struct span program;

	if (state->outer != NULL && state->outer->program.len > 0)
		return (state->outer->program);
	while (name < text->len && name < 32 && memchr("[: ", text->ptr[name], 3) == NULL)
		name++;
	end = name;
	if (end < text->len && text->ptr[end] == '[')
		end += span_find(span_from(*text, end), ']') + 1;
	if (name == 0 || end + 1 >= text->len || text->ptr[end] != ':' || text->ptr[end + 1] != ' ')
		return (span_of("", 0));
	program = span_of(text->ptr, name);
	*text = span_from(*text, end + 2);
	return (program);
}

static void
say(struct event *ev, const struct message *m)
{
	ev->type = EVENT_LOGIN;
	parse_field_text(ev, EVENT_ACTION, span_str(m->action));
	parse_field_text(ev, EVENT_OUTCOME, span_str(m->outcome));
}

static void
add_repeated(struct event *ev, int64_t times)
{
	if (times == 0 || ev->extra_count == EVENT_EXTRA_MAX)
		return;
	ev->extra[ev->extra_count++] = (struct event_extra){ .key = span_of("repeated", 8),
		.kind = EVENT_EXTRA_NUMBER,
		.known = true,
		.number = times };
}

/* Is text one of the messages that program is known for? */
static bool
take_known(struct span program, struct span text, struct event *ev)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (!is_program(program, messages[i].program))
			continue;
		if (parse_template(messages[i].template, text, ev)) {
			say(ev, &messages[i]);
			return (true);
		}
		parse_field_clear(ev);
		ev->type = EVENT_LOG;
	}
	return (false);
}

/*
 * Without a program only what sshd is known to say counts: "sshd -E FILE" and
 * "sshd -D -e" name none.
 */
enum parse_result
parse_auth(struct parse_state *state, struct span line, char *scratch, struct event *ev,
    enum parse_reason *reason)
{
	struct span text = line, program = program_of(state, &text);
	int64_t times;

	(void)scratch;
	parse_field_clear(ev);
	ev->type = EVENT_LOG;
	if (program.len == 0) {
		if (take_known(span_of("sshd", 4), line, ev))
			return (PARSE_EVENT);
		*reason = PARSE_REASON_GRAMMAR;
		return (PARSE_UNPARSED);
	}
	while (text.len > 0 && text.ptr[0] == ' ')
		text = span_from(text, 1);
	times = take_repeated(&text);
	if (take_pam(&text))
		program = span_of("pam", 3);
	if (!take_known(program, text, ev))
		parse_field_text(ev, EVENT_MESSAGE, text);
	add_repeated(ev, times);
	return (ev->duplicate_key ? PARSE_PARTIAL : PARSE_EVENT);
}
