/* app: what the threads of the pipeline share; private to pipeline*.c. */
#ifndef CRETULA_APP_PIPELINE_SLOT_H
#define CRETULA_APP_PIPELINE_SLOT_H

#include <pthread.h>

#include "app/pipeline.h"
#include "base/arena.h"
#include "base/err.h"

/* A slot's life; each state has one owner: reader, any worker, or the writer. */
enum slot_state {
	SLOT_FREE,    /* reader */
	SLOT_READ,    /* a worker may take it for task 1 */
	SLOT_MASKING, /* that worker */
	SLOT_MASKED,  /* writer: place */
	SLOT_PLACED,  /* a worker may take it for task 2 */
	SLOT_PACKING, /* that worker */
	SLOT_DONE     /* writer: take */
};

struct slot {
	enum slot_state state;
	struct pipeline_batch batch;
	char *raw;             /* secret: wiped by task 1 */
	char *context;         /* secret: the line that says how to read those in raw */
	struct arena records;  /* address space for the worst case */
	struct arena packed;
};

struct shared {
	struct pipeline *p;
	pthread_mutex_t lock;
	pthread_cond_t to_reader, to_workers, to_writer;
	struct slot slots[PIPELINE_SLOTS];
	size_t slot_count;     /* how many of them are in use */
	struct arena raw;
	uint64_t read_count;   /* batches handed to workers */
	bool read_end;         /* no further batch comes */
	bool stop;             /* the writer failed, or was told to stop reading */
	bool quit;             /* workers go home */
	bool stopped;          /* a source was told to stop */
	bool input_failed;
	struct err input_error;
};

int app_slots_open(struct shared *s, struct err *e);
void app_slots_close(struct shared *s);

/* What a worker owns. */
struct worker {
	struct shared *shared;
	struct mask *mask;
	struct store_compressor *compressor;
	unsigned char (*salts)[16];
	void *salt_memory;
	struct arena memory;
	pthread_t thread;
	bool started;
};

int app_worker_open(struct worker *w, struct shared *s, struct err *e);
void app_worker_close(struct worker *w);
void *app_worker_main(void *arg);
void *app_reader_main(void *arg);

#endif
