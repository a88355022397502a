/* app: which servers this machine has. */
#include <sys/wait.h>

#include <ctype.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/doctor/doctor.h"
#include "app/init/init.h"

#define PROCESS_BYTES 32

const char *const app_init_way_names[INIT_WAYS] = { "no", "socket", "files" };

/* Sorted by name. */
const struct init_kind app_init_kinds[] = {
	{ "apache", "apache2 httpd", "/etc/apache2/apache2.conf", "/var/log/apache2/access.log",
	    "apache-combined", app_init_logs_apache },
	{ "caddy", "caddy", "/etc/caddy/Caddyfile", "/var/log/caddy/access.log", "caddy-json",
	    NULL },
	{ "docker", "dockerd", "/etc/docker/daemon.json", "", "", NULL },
	{ "envoy", "envoy", "/etc/envoy/envoy.yaml", "/var/log/envoy/access.log", "envoy", NULL },
	{ "haproxy", "haproxy", "/etc/haproxy/haproxy.cfg", "/var/log/haproxy.log", "haproxy",
	    NULL },
	{ "nginx", "nginx", "/etc/nginx/nginx.conf", "/var/log/nginx/access.log", "nginx-combined",
	    app_init_logs_nginx },
	{ "postgresql", "postgres", "/etc/postgresql", "", "", NULL },
	{ "sshd", "sshd", "/etc/ssh/sshd_config", "/var/log/auth.log", "auth", NULL },
	{ "traefik", "traefik", "/etc/traefik/traefik.yml", "/var/log/traefik/access.log",
	    "traefik", NULL },
};
const unsigned app_init_kind_count = sizeof(app_init_kinds) / sizeof(app_init_kinds[0]);
_Static_assert(sizeof(app_init_kinds) / sizeof(app_init_kinds[0]) <= INIT_SERVERS_MAX, "all fit");

/* ---- what runs ---- */

/* Is name one of blank-separated words? */
static bool
is_word(const char *words, struct span name)
{
	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (span_equal(name, span_of(words, len)))
			return (true);
		words += len + (words[len] == ' ');
	}
	return (false);
}

static bool
exists(const char *path)
{
	struct buf text = { 0 };
	DIR *dir = app_doctor_dir(path);
	bool there = dir != NULL;

	if (there)
		(void)closedir(dir);
	else
		there = app_doctor_read(path, &text);
	buf_free(&text);
	return (there);
}

/* A bit for each kind of which a process runs. */
static unsigned
find_processes(void)
{
	DIR *dir = app_doctor_dir("/proc");
	const struct dirent *entry;
	struct buf comm = { 0 };
	unsigned found = 0;
	char path[64];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%.20s/comm", entry->d_name);
		buf_clear(&comm);
		if (!app_doctor_read(path, &comm) || comm.len == 0 || comm.len > PROCESS_BYTES)
			continue;
		comm.len -= comm.data[comm.len - 1] == '\n';
		for (unsigned i = 0; i < app_init_kind_count; i++)
			if (is_word(app_init_kinds[i].processes, buf_view(&comm)))
				found |= 1U << i;
	}
	if (dir != NULL)
		(void)closedir(dir);
	buf_free(&comm);
	return (found);
}

/* ---- asking a program ---- */

bool
app_init_ask_program(const char *const argv[], struct buf *out)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	int fds[2], status = -1;
	ssize_t n = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return (false);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	(void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(
		&pid, argv[0], &actions, NULL, (char *const *)(const void *)argv, environ) != 0)
		pid = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(fds[1]);
	while (pid != -1 && out->len < APP_DOCTOR_BYTES_MAX && buf_reserve(out, 4096) == 0 &&
	    (n = read(fds[0], out->data + out->len, 4096)) > 0)
		out->len += (size_t)n;
	(void)close(fds[0]);
	if (pid != -1)
		(void)waitpid(pid, &status, 0);
	return (pid != -1 && n == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- all of them ---- */

static void
look_at(struct init_server *s, const struct init_kind *kind, bool runs)
{
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->runs = runs;
	s->way = runs ? INIT_SOCKET : INIT_NO;
	if (kind->find != NULL)
		s->log_count = kind->find(s->logs);
	if (s->log_count > 0 || kind->log[0] == '\0' || !exists(kind->log))
		return;
	(void)snprintf(s->logs[0].path, sizeof(s->logs[0].path), "%s", kind->log);
	(void)snprintf(s->logs[0].name, sizeof(s->logs[0].name), "%s", kind->name);
	(void)snprintf(s->logs[0].format, sizeof(s->logs[0].format), "%s", kind->format);
	s->log_count = 1;
}

void
app_init_find(struct init_plan *plan)
{
	unsigned running = find_processes();

	for (unsigned i = 0; i < app_init_kind_count; i++)
		if (running >> i & 1 || exists(app_init_kinds[i].config))
			look_at(&plan->servers[plan->server_count++], &app_init_kinds[i],
			    running >> i & 1);
}
