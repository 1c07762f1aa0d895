#ifndef NSHELPER_FAILURE_H
#define NSHELPER_FAILURE_H

#include "output.h"
#include "types.h"

/*
 * Why a verb failed. The function that fails notes it on the way out (`return fail(failure, "clone3", errno)`), and
 * one place turns it into the error record.
 */
struct failure {
    /* The system call or check that failed; NULL when nothing was noted. */
    const char *step;
    int number;
    enum ns_type type;
    const char *path;
    const char *detail;
    /* The words of the caller were wrong, not the operation. */
    bool usage;
    /* The error record is out already. */
    bool printed;
};

/* Notes the failure and returns -number. */
int fail(struct failure *failure, const char *step, int number);
/* A mistake in the caller's words; `detail` must outlive the failure. Returns -EINVAL. */
int fail_usage(struct failure *failure, const char *step, const char *detail);

/* `{"error":…}`; `result` is used where nothing was noted. */
void failure_print(struct output *output, const struct failure *failure, int result);

/* Symbolic name of an errno, `ENOSPC`; `EUNKNOWN` for one that has none here. */
const char *errno_name(int number);

#endif
