/* tally: spans of time, and what is counted by. */
#include <string.h>

#include "key/epoch.h"
#include "record/record.h"
#include "tally/tally.h"

const char *const tally_period_names[TALLY_PERIOD_COUNT] = { "minute", "hour", "day", "week",
	"month" };

const struct tally_dim_row tally_dims[TALLY_DIM_COUNT] = {
#define DIM(id, name, code, field, kept, help) { name, code, RECORD_FIELD_##field, kept, help },
#include "tally/dims.def"
#undef DIM
};

#define MINUTE_US ((int64_t)60 * 1000000)
#define HOUR_US (60 * MINUTE_US)

/* Rounds down, also below zero. */
static int64_t
divide(int64_t n, int64_t by)
{
	return (n / by - (n % by < 0 ? 1 : 0));
}

int64_t
tally_index(enum tally_period period, int64_t t_us)
{
	switch (period) {
	case TALLY_MINUTE: return (divide(t_us, MINUTE_US));
	case TALLY_HOUR: return (divide(t_us, HOUR_US));
	case TALLY_DAY: return (key_epoch_index(KEY_DAY, t_us));
	case TALLY_WEEK: return (key_epoch_index(KEY_WEEK, t_us));
	default: return (key_epoch_index(KEY_MONTH, t_us));
	}
}

/* What stands in a file may be any number: far from the ends of time nothing overflows. */
static int64_t
multiply(int64_t index, int64_t by)
{
	int64_t most = INT64_MAX / 4 / by;

	return ((index > most ? most : index < -most ? -most : index) * by);
}

/* Those of keys are kept within bounds by key_epoch_base. */
int64_t
tally_start_us(enum tally_period period, int64_t index)
{
	switch (period) {
	case TALLY_MINUTE: return (multiply(index, MINUTE_US));
	case TALLY_HOUR: return (multiply(index, HOUR_US));
	case TALLY_DAY: return (key_epoch_start_us(KEY_DAY, index));
	case TALLY_WEEK: return (key_epoch_start_us(KEY_WEEK, index));
	default: return (key_epoch_start_us(KEY_MONTH, index));
	}
}

int
tally_dim_find(struct span name, enum tally_dim *dim)
{
	for (int i = 0; i < TALLY_DIM_COUNT; i++)
		if (span_is(name, tally_dims[i].name)) {
			*dim = (enum tally_dim)i;
			return (0);
		}
	return (-1);
}
