/* What the rules say of User-Agent texts, one a line: family TAB major TAB system. */
#include <stdio.h>
#include <string.h>

#include "detect/agents/match.h"

int
main(void)
{
	static char line[65536];
	struct detect_agents_memory *m = detect_agents_memory_open();
	struct detect_agents_found found;

	if (m == NULL)
		return (1);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		detect_agents_find(m, span_of(line, strcspn(line, "\n")), &found);
		printf("%.*s\t%d\t%.*s\n", (int)found.family.len, found.family.ptr, found.major,
		    (int)found.os.len, found.os.ptr);
	}
	detect_agents_memory_close(m);
	return (0);
}
