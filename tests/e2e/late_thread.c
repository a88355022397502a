/* late_thread: preloaded, the thread that counts does nothing while the file LATE_THREAD is there. */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int
prctl(int option, ...)
{
	const struct timespec a_while = { 0, 5000000 };
	const char *path = getenv("LATE_THREAD");
	unsigned long a[4];
	struct stat st;
	va_list list;

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(list, unsigned long);
	va_end(list);
	if (option == PR_SET_NAME && strcmp((const char *)a[0], "tally") == 0)
		while (path != NULL && stat(path, &st) == 0)
			(void)nanosleep(&a_while, NULL);
	return ((int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]));
}
