/* app: the table of commands, in the order in which help lists them. */
#ifndef CRETULA_APP_COMMAND_H
#define CRETULA_APP_COMMAND_H

#include "app/args.h"

extern const struct app_command app_command_anchor;
extern const struct app_command app_command_archive;
extern const struct app_command app_command_canary;
extern const struct app_command app_command_check;
extern const struct app_command app_command_demo;
extern const struct app_command app_command_detail;
extern const struct app_command app_command_doctor;
extern const struct app_command app_command_evidence;
extern const struct app_command app_command_hold;
extern const struct app_command app_command_import;
extern const struct app_command app_command_init;
extern const struct app_command app_command_key;
extern const struct app_command app_command_mask;
extern const struct app_command app_command_pipe;
extern const struct app_command app_command_prove;
extern const struct app_command app_command_publish;
extern const struct app_command app_command_quarantine;
extern const struct app_command app_command_recover;
extern const struct app_command app_command_retain;
extern const struct app_command app_command_risk;
extern const struct app_command app_command_run;
extern const struct app_command app_command_scan;
extern const struct app_command app_command_serve;
extern const struct app_command app_command_stats;
extern const struct app_command app_command_status;
extern const struct app_command app_command_subject;
extern const struct app_command app_command_tail;
extern const struct app_command app_command_verify;
extern const struct app_command app_command_view;
extern const struct app_command app_command_words;

/* What main does: find the row, call it, return its code. */
int app_main(int argc, char **argv);

#endif
