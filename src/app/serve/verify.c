/* app: the store is verified once in a while, so that trust can say how it stands. */
#include <sys/prctl.h>

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "app/names.h"
#include "app/serve/serving.h"
#include "base/clock.h"
#include "base/err.h"

#define EVERY_NS (INT64_C(3600) * 1000000000)

static void
keep(struct serving *v, const struct audit_result *r, int64_t start_ns)
{
	struct serving_verified *to = &v->verified;

	pthread_mutex_lock(&v->lock);
	to->at_us = clock_now_us();
	to->took_ns = clock_mono_ns() - start_ns;
	to->code = r == NULL ? ERR_INCOMPLETE : r->exit_code;
	to->errors = r == NULL ? 0 : r->errors;
	to->warnings = r == NULL ? 0 : r->warnings;
	to->finding_count = 0;
	for (size_t i = 0; r != NULL && i < r->finding_count && i < 10; i++)
		to->findings[to->finding_count++] = r->findings[i];
	memset(to->not_checked, 0, sizeof(to->not_checked));
	to->laggard_line = 0;
	if (r != NULL) {
		memcpy(to->not_checked, r->coverage.not_checked, sizeof(to->not_checked));
		memcpy(to->laggard, r->coverage.laggard, sizeof(to->laggard));
		to->laggard_line = r->coverage.laggard_line;
	}
	to->running = false;
	to->version++;
	pthread_mutex_unlock(&v->lock);
}

static void
verify(struct serving *v)
{
	const struct audit_options how = {
		.jobs = 1, .names = app_names(), .stop = &v->stop_verify
	};
	int64_t start_ns = clock_mono_ns();
	struct audit_result r;

	pthread_mutex_lock(&v->lock);
	v->verified.running = true;
	v->verified.version++;
	pthread_mutex_unlock(&v->lock);
	if (audit_verify(v->store, &how, &r, NULL) == -1)
		keep(v, NULL, start_ns);
	else {
		if (!atomic_load(&v->stop_verify))
			keep(v, &r, start_ns);
		audit_result_free(&r);
	}
}

static void *
verifier_main(void *arg)
{
	const struct sched_param idle = { 0 };
	struct serving *v = arg;
	struct timespec until;
	bool stop;

	(void)prctl(PR_SET_NAME, "verify");
	(void)sched_setscheduler(0, SCHED_IDLE, &idle);
	do {
		verify(v);
		clock_mono_after(EVERY_NS, &until);
		pthread_mutex_lock(&v->lock);
		while (!v->stop_verify &&
		    pthread_cond_clockwait(&v->tick, &v->lock, CLOCK_MONOTONIC, &until) !=
			ETIMEDOUT)
			;
		stop = v->stop_verify;
		pthread_mutex_unlock(&v->lock);
	} while (!stop);
	return (NULL);
}

int
app_serving_verify_start(struct serving *v, struct err *e)
{
	if ((errno = pthread_create(&v->verifier, NULL, verifier_main, v)) != 0)
		return (err_sys(e, ERR_IO, "starting a thread"));
	v->verifies = true;
	return (0);
}

void
app_serving_verify_stop(struct serving *v)
{
	if (!v->verifies)
		return;
	pthread_mutex_lock(&v->lock);
	v->stop_verify = true;
	pthread_cond_broadcast(&v->tick);
	pthread_mutex_unlock(&v->lock);
	(void)pthread_join(v->verifier, NULL);
	v->verifies = false;
}
