/* Ending one process that keeps a namespace without being in it. */
#include "ending.h"

#include "procfs.h"
#include "text.h"
#include "util.h"

#include <string.h>

static int refuse(struct failure *failure, int number, const char *detail)
{
    fail(failure, "process", number);
    failure->detail = detail;
    return -number;
}

/* The caller, and whatever it was started by: to end the connection is not what is meant. */
static bool hangs_on(const struct host *host, uint32_t pid)
{
    uint32_t at = (uint32_t)getpid();

    while (at > 1 && at != pid) {
        char path[PROC_PATH_SIZE], text[1024];
        struct proc_stat stat;
        text_format(path, sizeof path, "%u/stat", at);
        ssize_t length = read_file_at(host->proc, path, text, sizeof text);
        at = length > 0 && parse_stat(text, (size_t)length, &stat) ? stat.ppid : 0;
    }
    return at == pid;
}

bool ending_names_process(const char *text)
{
    struct reference reference;
    struct failure failure = { 0 };

    return reference_parse(text, &reference, &failure) == 0 && reference.kind == REFERENCE_PROCESS;
}

int ending_find_process(struct ending *ending, const char *text, struct failure *failure)
{
    struct reference *process = &ending->process;
    int result = reference_parse(text, process, failure);

    if (!result && !process->has_start)
        result = fail_usage(failure, "reference", "a process to be ended is named with its start: pid:N:START");
    if (result)
        return result;
    autoclose int directory = reference_open_process(&ending->survey.host, process, failure);
    if (directory < 0)
        return directory;
    if (process->id == 1)
        return refuse(failure, EPERM, "the init of the system or container");
    return hangs_on(&ending->survey.host, process->id)
               ? refuse(failure, EPERM, "the caller itself, or a process that it was started by")
               : 0;
}

int ending_check_process(struct ending *ending, const struct target *expected, struct failure *failure)
{
    const struct namespaces *namespaces = &ending->survey.namespaces;
    uint32_t index = namespaces_find(namespaces, expected->type, expected->id);
    uint32_t at = index == NO_INDEX ? NO_INDEX : namespaces->item[index].holders;

    /* A mount is no process's; its pid is only a way to it. */
    while (at != NO_INDEX &&
           (namespaces->holder[at].kind == HELD_BY_MOUNT || namespaces->holder[at].pid != ending->process.id))
        at = namespaces->holder[at].next;
    if (at == NO_INDEX)
        return refuse(failure, ESTALE, "it does not keep this namespace, or does not any more");
    ending->target[ending->targets++] = (struct target){ .type = expected->type, .id = expected->id };
    return 0;
}
