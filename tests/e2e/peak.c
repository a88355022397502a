/*
 * peak: preloaded, it says in the file PEAK_FILE how much memory the process had at most, in
 * KiB.  Both files are opened first: a command that reads confines itself.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int from = -1, to = -1;

__attribute__((constructor)) static void
open_both(void)
{
	const char *name = getenv("PEAK_FILE");

	from = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	to = name == NULL ? -1 : open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void
say_peak(void)
{
	const char *line;
	char text[4096];
	ssize_t len = read(from, text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	if ((line = strstr(text, "VmHWM:")) != NULL)
		(void)!write(to, line + 6, strcspn(line + 6, "k"));
	(void)close(from);
	(void)close(to);
}
