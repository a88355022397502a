/* late_store: preloaded, the file or folder LATE_STORE is there, as "store", when a process has said what it opens. */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
prctl(int option, ...)
{
	unsigned long a[4];
	va_list list;

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(list, unsigned long);
	va_end(list);
	if (option == PR_SET_NO_NEW_PRIVS)
		(void)rename(getenv("LATE_STORE"), "store");
	return ((int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]));
}
