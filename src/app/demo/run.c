/* app: this program once more, as a person would call it. */
#include <sys/mman.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "app/demo/demo.h"
#include "base/err.h"

#define READ_BYTES 65536
#define ERROR_BYTES 8192

extern char **environ;

/* in and out: ends of pipes that become its standard input and output; errors: what it says. */
static pid_t
start(const char *const argv[], int in, int out, int errors)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, in, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, out, 1);
	(void)posix_spawn_file_actions_adddup2(&actions, errors, 2);
	if (posix_spawn(&pid, "/proc/self/exe", &actions, NULL, (char *const *)(const void *)argv,
		environ) != 0)
		pid = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	return (pid);
}

/* Both at once: neither may wait for the other. */
static void
exchange(int to, int from, struct span input, struct buf *out)
{
	struct pollfd fds[2] = { { to, POLLOUT, 0 }, { from, POLLIN, 0 } };

	(void)fcntl(to, F_SETFL, O_NONBLOCK);
	while (fds[1].fd != -1) {
		if (input.len == 0 && fds[0].fd != -1) {
			(void)close(to);
			fds[0].fd = -1;
		}
		if (poll(fds, 2, -1) == -1)
			continue;
		if (fds[0].fd != -1 && fds[0].revents != 0) {
			ssize_t n = write(to, input.ptr, input.len);

			input = n > 0                       ? span_from(input, (size_t)n) :
			    (fds[0].revents & POLLERR) != 0 ? span_from(input, input.len) :
							      input;
		}
		if (fds[1].revents != 0) {
			ssize_t n = -1;

			if (buf_reserve(out, READ_BYTES) == 0)
				n = read(from, out->data + out->len, READ_BYTES);
			if (n > 0)
				out->len += (size_t)n;
			else
				fds[1].fd = -1;
		}
	}
	if (fds[0].fd != -1)
		(void)close(to);
	(void)close(from);
}

/* The last line that begins as errors do. */
static void
take_error(int errors, const char *command, struct err *e)
{
	char text[ERROR_BYTES + 1];
	ssize_t n = pread(errors, text, ERROR_BYTES, 0);
	const char *found = NULL;

	text[n > 0 ? n : 0] = '\0';
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "cretula ", strlen("cretula ")) == 0)
			found = line;
	}
	if (found == NULL)
		(void)err_set(e, ERR_IO, "cretula %s said nothing", command);
	else
		(void)err_set(e, ERR_IO, "%.*s", (int)strcspn(found, "\n"), found);
}

int
app_demo_run(const char *const argv[], struct span input, struct buf *out, struct err *e)
{
	int to[2], from[2], status = -1, errors = memfd_create("errors", MFD_CLOEXEC);
	pid_t pid;

	if (errors == -1 || pipe2(to, O_CLOEXEC) == -1 || pipe2(from, O_CLOEXEC) == -1)
		return (err_sys(e, ERR_IO, "a pipe"));
	pid = start(argv, to[0], from[1], errors);
	(void)close(to[0]);
	(void)close(from[1]);
	exchange(to[1], from[0], pid == -1 ? (struct span){ NULL, 0 } : input, out);
	if (pid == -1 || waitpid(pid, &status, 0) == -1 || !WIFEXITED(status)) {
		(void)close(errors);
		return (err_set(e, ERR_IO, "cretula %s did not run", argv[1]));
	}
	if (WEXITSTATUS(status) != 0)
		take_error(errors, argv[1], e);
	(void)close(errors);
	buf_char(out, '\0');
	out->len -= buf_ok(out);
	return (buf_ok(out) ? WEXITSTATUS(status) : err_memory(e));
}
