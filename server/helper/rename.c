#include "keep.h"
#include "mounted.h"
#include "naming.h"
#include "procfs.h"
#include "text.h"
#include "util.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* A holder has nothing else to do: looks whether it shows the name, 2 ms apart. */
#define LOOKS 1000
#define HOLDER "linux-namespaces: "
#define GUARD "linux-namespaces-guard "

/* A process that shows the name: the holder and, where there are mounts, its guard, which is its parent. */
struct bearer {
    uint32_t pid;
    const char *title;
    int pipe;
};

struct renaming {
    const struct host *host;
    const char *from, *to;
    struct bearer bearer[2];
    size_t bearers;
};

static bool shows(const struct host *host, const struct bearer *bearer, const char *name)
{
    char path[PROC_PATH_SIZE], text[256] = "", wanted[128];

    text_format(path, sizeof path, "%u/cmdline", bearer->pid);
    size_t length = text_format(wanted, sizeof wanted, "%s%s", bearer->title, name);
    ssize_t got = read_file_at(host->proc, path, text, sizeof text - 1);
    return got > (ssize_t)length && memcmp(text, wanted, length) == 0 && (text[length] == ' ' || text[length] == '\0');
}

static int add(struct renaming *renaming, uint32_t pid, const char *title, struct failure *failure)
{
    struct bearer *bearer = &renaming->bearer[renaming->bearers];

    *bearer = (struct bearer){ .pid = pid, .title = title, .pipe = -1 };
    if (!shows(renaming->host, bearer, renaming->from))
        return 0;
    renaming->bearers++;
    bearer->pipe = naming_connect(renaming->host, pid);
    if (bearer->pipe >= 0)
        return 0;
    fail(failure, "open", -bearer->pipe);
    if (bearer->pipe == -EOPNOTSUPP)
        failure->detail = "an earlier version of the helper keeps it, which cannot take another name";
    return bearer->pipe;
}

/* Where it ends meanwhile, the titles that are waited for never show. */
static int find_bearers(struct renaming *renaming, const struct instance *instance, struct failure *failure)
{
    char path[PROC_PATH_SIZE], text[1024];
    struct proc_stat status;
    int result = add(renaming, instance->pid, HOLDER, failure);

    text_format(path, sizeof path, "%u/stat", instance->pid);
    ssize_t length = read_file_at(renaming->host->proc, path, text, sizeof text);
    if (result || length <= 0 || !parse_stat(text, (size_t)length, &status))
        return result;
    return add(renaming, status.ppid, GUARD, failure);
}

static int tell(const struct renaming *renaming, const char *name, struct failure *failure)
{
    const struct timespec pause = { .tv_nsec = 2000000 };
    size_t showing = 0;

    for (size_t i = 0; i < renaming->bearers; i++)
        if (!naming_tell(renaming->bearer[i].pipe, name))
            return fail(failure, "write", errno);
    for (unsigned look = 0; showing < renaming->bearers; look++) {
        for (showing = 0; showing < renaming->bearers; showing++)
            if (!shows(renaming->host, &renaming->bearer[showing], name))
                break;
        if (look == LOOKS) {
            fail(failure, "title", ETIMEDOUT);
            failure->detail = "the process that keeps it did not take the name";
            return -ETIMEDOUT;
        }
        if (showing < renaming->bearers)
            nanosleep(&pause, NULL);
    }
    return 0;
}

/* Mounts beneath a folder move with it. rename(2) would put it in the place of an empty one. */
static int move(const char *from, const char *to, struct failure *failure)
{
    struct stat status;

    if (lstat(to, &status) == 0 || errno != ENOENT) {
        fail(failure, "name", EEXIST);
        failure->detail = "something of this name is mounted";
        return -EEXIST;
    }
    if (rename(from, to) == 0)
        return 0;
    fail(failure, "rename", errno);
    failure->path = INSTANCES_DIRECTORY;
    return -failure->number;
}

/* First the folder, which is refused at once where it cannot be. Either all of it or nothing. */
static int run(const struct renaming *renaming, bool has_folder, struct failure *failure)
{
    char from[128], to[128];
    struct stat status;
    struct failure ignored;

    text_format(from, sizeof from, INSTANCES_DIRECTORY "/%s", renaming->from);
    text_format(to, sizeof to, INSTANCES_DIRECTORY "/%s", renaming->to);
    /* What another user has mounted under the name of this holder is not the holder's. */
    has_folder = has_folder && (!renaming->bearers || (lstat(from, &status) == 0 && status.st_uid == geteuid()));
    int result = has_folder ? move(from, to, failure) : 0;
    if (result || !renaming->bearers)
        return result;
    result = tell(renaming, renaming->to, failure);
    if (!result)
        return 0;
    /* One that takes its names late takes this one after the other. */
    for (size_t i = 0; i < renaming->bearers; i++)
        naming_tell(renaming->bearer[i].pipe, renaming->from);
    if (has_folder)
        move(to, from, &ignored);
    return result;
}

int verb_rename(const struct options *options, struct output *output, struct failure *failure)
{
    struct renaming renaming = { .bearers = 0 };
    struct instance instance;
    struct host host;

    if (options->count != 2 || !instance_is_name(options->word[0]) || !instance_is_name(options->word[1]))
        return fail_usage(failure, "option", "rename takes two names");
    renaming.host = &host;
    renaming.from = options->word[0];
    renaming.to = options->word[1];
    int result = host_open(&host, failure);
    if (result)
        return result;
    autoclose int claimed = keep_claim(&host, renaming.to, failure);
    result = claimed < 0 ? claimed : instance_find(&host, renaming.from, &instance, failure);
    if (!result && instance.pid)
        result = find_bearers(&renaming, &instance, failure);
    /* Whoever makes or takes away what has a name waits meanwhile. */
    autoclose int directory = result || !instance.has_folder ? -1 : mounted_lock_folder(INSTANCES_DIRECTORY);
    (void)directory;
    if (!result)
        result = run(&renaming, instance.has_folder, failure);
    for (size_t i = 0; i < renaming.bearers; i++)
        cleanup_close(&renaming.bearer[i].pipe);
    host_close(&host);
    if (result)
        return result;
    record_begin(output, "renamed");
    json_text(output, "name", renaming.to);
    json_text(output, "from", renaming.from);
    record_end(output);
    record_begin(output, "end");
    record_end(output);
    return 0;
}
