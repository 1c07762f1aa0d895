#ifndef NSHELPER_ENVIRONMENT_H
#define NSHELPER_ENVIRONMENT_H

#include <stdbool.h>

/* `NAME=VALUE` */
bool environment_is_entry(const char *text);

/*
 * Does what the words before `--` say about the environment of a command: `--clear-env`, `--env=NAME=VALUE`. In the
 * process that executes it, so that nothing else follows it. The words have to last.
 */
void environment_set(char *const *word);

/* In a process that is about to execute another program. Without memory nothing changes, as with setenv(3). */
void environment_put(const char *name, const char *value);

#endif
