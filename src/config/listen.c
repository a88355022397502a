/* config: where the daemon listens: for lines, and for those who watch it. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "config/fill.h"

int
config_listen(const char *text, struct input_place *place, struct err *e)
{
	bool local = strncmp(text, "unix:", 5) == 0;
	char whole[CONFIG_TEXT_BYTES + CONFIG_NAME_BYTES];

	(void)snprintf(
	    whole, sizeof(whole), "%s%s", local ? "unix-stream:" : "tcp:", local ? text + 5 : text);
	return (input_place_read(span_str(whole), place, e));
}

void
config_value_listen(struct config_loader *l, struct config_mark at, const char *name,
    const char *text, char to[static CONFIG_PATH_BYTES])
{
	struct input_place place;
	struct err e;

	if (config_listen(text, &place, &e) == -1)
		config_say(l, at, "%s: %s", name, e.text);
	else
		memcpy(to, text, strlen(text) + 1);
}

/* "kind:place", the kind being the last word of the option; or all of it in the value. */
void
config_value_input(struct config_loader *l, struct config_mark at, const struct config_option *o,
    const char *said, struct input_place *input)
{
	const char *kind = strrchr(o->path, '.') + 1;
	struct input_place place;
	char text[CONFIG_TEXT_BYTES + CONFIG_NAME_BYTES];
	struct err e;

	(void)snprintf(text, sizeof(text), "%s%s%.*s", strcmp(kind, "syslog") == 0 ? "" : kind,
	    strcmp(kind, "syslog") == 0 ? "" : ":", CONFIG_TEXT_BYTES - 1, said);
	if (input_place_read(span_str(text), &place, &e) == -1)
		config_say(l, at, "%s: %s", config_option_name(o), e.text);
	else if (input->kind != INPUT_PIPE)
		config_say(l, at, "a stream has one input, and there is one already");
	else
		*input = place;
}
