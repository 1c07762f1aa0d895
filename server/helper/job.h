#ifndef NSHELPER_JOB_H
#define NSHELPER_JOB_H

#include <stdbool.h>
#include <sys/types.h>

/* What the shell above sees as our job is the process group of what we run, which has the terminal on stdin or not. */
struct job {
    pid_t group;
    bool has_terminal;
};

/* For a caller that is about to run something: whether it is in the foreground, and so will be what it runs. */
struct job job_begin(void);
/* What we run has stopped. Returns when it is to go on, which is left to the caller. */
void job_stop(struct job *job);
/* Takes the terminal back for the caller, if the job still has it. */
void job_end(const struct job *job);

#endif
