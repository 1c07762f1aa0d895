#include "verbs.h"

#include <sys/utsname.h>

#ifndef VERSION
#error "VERSION is given by the Makefile"
#endif
#ifndef BUILD
#error "BUILD is given by the Makefile"
#endif

/* Raised when a record or a request changes so that an older extension would misread it. */
#define PROTOCOL 1

void version_print(struct output *output)
{
    struct utsname system = { 0 };

    uname(&system);
    record_begin(output, "helper");
    json_text(output, "version", VERSION);
    json_number(output, "protocol", PROTOCOL);
    json_text(output, "arch", system.machine);
    json_text(output, "build", BUILD);
    record_end(output);
}

int verb_version(const struct options *options, struct output *output, struct failure *failure)
{
    (void)options;
    (void)failure;
    version_print(output);
    record_begin(output, "end");
    record_end(output);
    return 0;
}
