/* app: cretula run: the daemon. */
#include <sys/resource.h>

#include <signal.h>
#include <time.h>

#include "app/command.h"
#include "app/run/daemon.h"
#include "app/sandbox/sandbox.h"
#include "app/say.h"
#include "base/err.h"
#include "config/config.h"

#define TICK_NS INT64_C(500000000)

static const struct app_option options[] = {
	{ "config", "FILE", "cretula.yaml (default " CONFIG_USUAL ")" },
	{ "keys", "DIR", "keys of the store (default: as configured, else STORE.keys)" },
	{ "store", "DIR", "the store; made if it does not exist" },
	{ NULL, NULL, NULL },
};

static int
wait_for_signal(int64_t watchdog_ns, const sigset_t *set)
{
	int64_t ns = watchdog_ns > 0 && watchdog_ns < TICK_NS ? watchdog_ns : TICK_NS;
	const struct timespec most = { 0, (long)ns };

	return (sigtimedwait(set, NULL, &most));
}

static int
serve(struct run_daemon *d, const sigset_t *set, struct err *e)
{
	int64_t watchdog_ns = app_notify_watchdog_ns();

	app_notify("READY=1");
	for (;;) {
		int number = wait_for_signal(watchdog_ns, set);

		if (number == SIGTERM || number == SIGINT)
			return (0);
		if (number == SIGUSR1)
			app_daemon_seal(d, APP_PIPE_SEAL);
		if (number == SIGUSR2)
			app_daemon_seal(d, APP_PIPE_ROTATE);
		if (number == SIGHUP) {
			app_notify("RELOADING=1");
			app_daemon_reload(d);
			app_notify("READY=1");
		}
		app_notify_alive();
		if (app_daemon_dead(d, e))
			return (-1);
	}
}

/* ---- the command ---- */

/* Before a thread is there: all of them inherit it. */
static void
hold_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGHUP);
	(void)sigaddset(set, SIGUSR1);
	(void)sigaddset(set, SIGUSR2);
	(void)pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* Each connection is a descriptor: as many as we may have. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int
run(const struct app_args *args)
{
	static struct run_daemon d; /* a thread that is slow to end may still look at it */
	struct err e = { ERR_NONE, "" };
	sigset_t set;
	int rc;

	d.args = args;
	d.path = app_arg(args, "config");
	if (d.path == NULL)
		d.path = CONFIG_USUAL;
	hold_signals(&set);
	raise_descriptors();
	app_notify_open();
	app_listen_read(&d.listen);
	rc = app_daemon_start(&d, &e);
#ifdef CRETULA_TESTING
	app_escape();
#endif
	if (rc == 0)
		rc = serve(&d, &set, &e);
	app_notify("STOPPING=1");
	app_daemon_stop(&d);
	return (rc == 0 ? 0 : app_fail("run", &e));
}

const struct app_command app_command_run = { "run",
	"the daemon: each stream with an input, masked, sealed as it comes", "", 0, 0, options,
	"Each stream of the configuration that has an input (`input: { unix: PATH }`, file,\n"
	"fifo, udp, tcp, tls, http, unix-stream) is read, masked, committed each second and\n"
	"sealed. SIGTERM drains and seals, SIGUSR1 seals at once, SIGUSR2 also ends the period of\n"
	"each stream (`rotate`), SIGHUP reads the configuration again: if it is good, streams\n"
	"that changed start anew, the others and the connections stay. So do streams whose\n"
	"routes, OpenAPI files, document roots or geo databases changed.\n"
	"A stream that cannot write is tried again; its clients wait meanwhile. Sockets of a\n"
	"service manager (LISTEN_FDS) are taken by their names.\n\n"
	"examples:\n"
	"  cretula run --config " CONFIG_USUAL "\n"
	"  cretula check --config " CONFIG_USUAL "\n",
	run };
