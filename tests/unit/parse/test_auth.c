/* parse: messages of the programs that let people in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "parse/message/template.h"
#include "one.h"

static char scratch[PARSE_SCRATCH_BYTES];

static size_t
put(char *out, const char *name, struct span text)
{
	return ((size_t)sprintf(out, "%s%.*s|", name, (int)text.len, text.ptr));
}

static void
show(struct span line, char *out)
{
	static const struct {
		enum event_text f;
		const char *name;
	} texts[] = { { EVENT_ACTION, "" }, { EVENT_OUTCOME, "" }, { EVENT_USER, "u=" },
		{ EVENT_CLIENT, "a=" }, { EVENT_SESSION, "s=" }, { EVENT_TLS_ID, "k=" },
		{ EVENT_OBJECT, "o=" }, { EVENT_MESSAGE, "m=" } };
	enum parse_reason reason;
	struct event ev;

	switch (parse_one(parse_format_find(span_str("sshd")), line, scratch, &ev, &reason)) {
	case PARSE_EVENT: break;
	case PARSE_PARTIAL: out += sprintf(out, "partial|"); break;
	default: strcpy(out, "none"); return;
	}
	ev.has_text &= ~ev.bad_text; /* as masking takes it */
	out += sprintf(out, "%s|", ev.type == EVENT_LOGIN ? "login" : "log");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (event_has(&ev, texts[i].f))
			out += put(out, texts[i].name, ev.text[texts[i].f]);
	if ((ev.has_number >> EVENT_PORT & 1) != 0)
		out += sprintf(out, "p=%d|", (int)ev.number[EVENT_PORT]);
	for (unsigned i = 0; i < ev.extra_count; i++) {
		out += sprintf(out, "%.*s=", (int)ev.extra[i].key.len, ev.extra[i].key.ptr);
		if (ev.extra[i].kind == EVENT_EXTRA_NUMBER)
			out += sprintf(out, "%d|", (int)ev.extra[i].number);
		else
			out += put(out, "", ev.extra[i].value);
	}
}

static const struct row {
	const char *line, *want;
} rows[] = {
	{ "sshd[1]: Accepted publickey for deploy from 192.0.2.7 port 22 ssh2: RSA SHA256:abc",
	    "login|login|success|u=deploy|a=192.0.2.7|k=RSA SHA256:abc|p=22|method=publickey|" },
	{ "sshd[1]: Failed password for invalid user bob from 192.0.2.7 port 40812 ssh2",
	    "login|login|failure|u=bob|a=192.0.2.7|p=40812|method=password|" },
	/* a name that imitates what follows it */
	{ "sshd[1]: Failed password for invalid user x from 10.0.0.1 port 1 ssh2 from 192.0.2.7 "
	  "port "
	  "40812 ssh2",
	    "login|login|failure|u=x from 10.0.0.1 port 1 "
	    "ssh2|a=192.0.2.7|p=40812|method=password|" },
	{ "sshd[1]: Invalid user  from 192.0.2.7", "login|login|failure|a=192.0.2.7|" },
	{ "sshd-session[1]: Invalid user a b from 192.0.2.7 port 5",
	    "login|login|failure|u=a b|a=192.0.2.7|p=5|" },
	{ "sshd[1]: Connection closed by authenticating user root 192.0.2.7 port 45362 [preauth]",
	    "login|disconnect|failure|u=root|a=192.0.2.7|p=45362|" },
	{ "sshd[1]: message repeated 3 times: [ Failed password for root from 192.0.2.7 port 9 "
	  "ssh2]",
	    "login|login|failure|u=root|a=192.0.2.7|p=9|method=password|repeated=3|" },
	{ "sshd[1]: Failed password for root from 192.0.2.7 port 99999 ssh2",
	    "log|m=Failed password for root from 192.0.2.7 port 99999 ssh2|" },
	{ "sshd[1]: Server listening on :: port 22.", "log|m=Server listening on :: port 22.|" },
	{ "sshd[1]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh "
	  "ruser= "
	  "rhost=192.0.2.7  user=root",
	    "login|login|failure|u=root|a=192.0.2.7|tty=ssh|" },
	/* members that a name with blanks imitates */
	{ "sshd[1]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
	  "rhost=192.0.2.7  user=x rhost=6.6.6.6",
	    "partial|login|login|failure|u=x|tty=ssh|" },
	{ "sshd[1]: pam_unix(sshd:auth): authentication failure; tty=ssh rhost=  user=x rhost=6.6.6.6",
	    "partial|login|login|failure|u=x|tty=ssh|" },
	{ "sshd[1]: PAM 2 more authentication failures; rhost=192.0.2.7  user=x user=root",
	    "partial|login|login|failure|a=192.0.2.7|" },
	{ "sshd[1]: Bad protocol version identification '' from 192.0.2.7 port 5",
	    "login|connect|failure|a=192.0.2.7|p=5|" },
	{ "sshd[1]: Bad protocol version identification 'x' from 6.6.6.6 port 1' from 192.0.2.7 port 5",
	    "login|connect|failure|a=192.0.2.7|m=x' from 6.6.6.6 port 1|p=5|" },
	{ "CRON[9]: pam_unix(cron:session): session opened for user root by (uid=0)",
	    "login|login|success|u=root|" },
	{ "sudo: pam_unix(sudo:session): session opened for user root(uid=0) by bob(uid=1000)",
	    "login|login|success|u=root|target_user=bob|" },
	{ "sudo:   bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/cat /etc/shadow",
	    "login|success|u=bob|o=/bin/cat|m=/etc/shadow|tty=pts/0|directory=/home/bob|"
	    "target_user=root|" },
	{ "sudo:   bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
	    "login|failure|u=bob|o=/bin/ls|tty=pts/0|directory=/|target_user=root|" },
	{ "su[7]: Successful su for root by bob", "login|login|success|u=bob|target_user=root|" },
	{ "systemd-logind[1]: New session c12 of user bob.", "login|login|success|u=bob|s=c12|" },
	{ "sshd[1]: Disconnecting authenticating user root 203.0.113.9 port 22: Change of username: "
	  "(root) -> (x 6.6.6.6 port 5: y) [preauth]",
	    "log|m=Disconnecting authenticating user root 203.0.113.9 port 22: Change of username: "
	    "(root) -> (x 6.6.6.6 port 5: y) [preauth]|" },
	{ "kernel: hello", "log|m=hello|" },
	{ "no program here", "none" },
	/* sshd -E FILE */
	{ "Failed password for root from 192.0.2.7 port 9 ssh2",
	    "login|login|failure|u=root|a=192.0.2.7|p=9|method=password|" },
	{ "Starting session: command for a b from 192.0.2.7 port 9 id 0",
	    "login|success|u=a b|a=192.0.2.7|p=9|" },
	{ "banner exchange: Connection from 192.0.2.7 port 9: invalid format",
	    "login|connect|failure|a=192.0.2.7|m=invalid format|p=9|" },
	{ "Successful su for root by bob", "none" },
	{ "message repeated 3 times: [ ]", "none" },
	{ "sshd[1]: message repeated 3 times: [ ]", "log|repeated=3|" },
};

static void
messages_are_read(void **state)
{
	char got[2048];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		show(span_str(rows[i].line), got);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s\n  got  %s\n  want %s", rows[i].line, got, rows[i].want);
	}
}

/* Every message of the list reads what it was made from. */
static void
templates_read_themselves(void **state)
{
	static const char *const templates[] = {
#define MESSAGE(program, template, action, outcome) template,
#include "parse/message/auth.def"
#undef MESSAGE
	};

	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		char line[512];
		size_t len = 0;
		struct event ev = { .has_text = 0 };

		for (const char *t = templates[i]; *t != '\0'; t++) {
			if (*t != '%')
				line[len++] = *t;
			else if (*++t == 'p' || *t == 'n')
				len += (size_t)sprintf(line + len, "40");
			else
				len +=
				    (size_t)sprintf(line + len, *t == 'x' ? "erika m ad" : "value");
		}
		if (!parse_template(templates[i], span_of(line, len), &ev))
			fail_msg("%.*s", (int)len, line);
		for (size_t cut = 0; cut < len; cut++) {
			char *copy = test_malloc(cut + 1);

			memcpy(copy, line, cut);
			(void)parse_template(templates[i], span_of(copy, cut), &ev);
			test_free(copy);
			ev.extra_count = 0;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(templates_read_themselves),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
