#include "pinned.h"
#include "text.h"
#include "victims.h"
#include "procfs.h"
#include "util.h"
#include "verbs.h"

#include <string.h>
#include <sys/stat.h>

/* Milliseconds that a holder has to end before it is killed: it has nothing to do. */
#define HOLDER_GRACE 1000

bool namespace_parse(const char *text, enum ns_type *type, uint32_t *id)
{
    struct reference reference;
    struct failure failure = { 0 };

    if (reference_parse(text, &reference, &failure) || reference.kind != REFERENCE_NAMESPACE)
        return false;
    *type = reference.type;
    *id = reference.id;
    return true;
}

static int add(const struct host *host, struct pinned *pinned, const char *path, bool leftover, struct failure *failure)
{
    struct stat status;
    char *copy;

    if (lstat(path, &status) < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail(failure, "stat", errno);
    copy = strdup(path);
    if (!copy)
        return fail(failure, "memory", ENOMEM);
    pinned->path[pinned->count] = copy;
    int result = mounted_look(host, copy, leftover, &pinned->mounted[pinned->count], failure);
    if (result) {
        /* The copy does not live as long as the failure. */
        failure->path = pinned->count < NS_TYPES && strncmp(path, NETNS_DIRECTORY, strlen(NETNS_DIRECTORY)) != 0
                            ? INSTANCES_DIRECTORY
                            : NETNS_DIRECTORY;
        free(copy);
        return result;
    }
    pinned->count++;
    return 0;
}

int pinned_find(const struct host *host, const char *name, bool netns, bool leftover, struct pinned *pinned,
                struct failure *failure)
{
    char path[192];
    int result = 0;

    *pinned = (struct pinned){ 0 };
    text_format(pinned->folder, sizeof pinned->folder, INSTANCES_DIRECTORY "/%s", name);
    for (enum ns_type type = 0; !result && type < NS_TYPES; type++) {
        text_format(path, sizeof path, "%s/%s", pinned->folder, ns_types[type].name);
        result = add(host, pinned, path, leftover, failure);
    }
    text_format(path, sizeof path, NETNS_DIRECTORY "/%s", name);
    if (!result && netns)
        result = add(host, pinned, path, leftover, failure);
    if (result)
        pinned_free(pinned);
    return result;
}

void pinned_free(struct pinned *pinned)
{
    for (size_t i = 0; i < pinned->count; i++) {
        mounted_close(&pinned->mounted[i]);
        free(pinned->path[i]);
    }
    pinned->count = 0;
}

void pinned_print(const struct mounted *mounted, bool plan, struct output *output)
{
    const char *kind = mounted->namespace >= 0 ? "unmounted" : "removed";

    record_begin(output, plan ? "would" : kind);
    if (plan)
        json_object(output, kind);
    json_text(output, "path", mounted->path);
    if (mounted->namespace >= 0) {
        json_text(output, "type", ns_types[mounted->type].name);
        json_number(output, "id", mounted->id);
    }
    if (plan)
        json_close(output, '}');
    record_end(output);
}

/* The folder of a name, and with the last one what was made for all of them. */
static void leave_name(const char *folder)
{
    autoclose int directory = mounted_lock_folder(INSTANCES_DIRECTORY);

    /* Not empty, or gone already: both are as they should be. */
    rmdir(folder);
    if (directory >= 0)
        mounted_leave_folder(INSTANCES_DIRECTORY, directory);
}

int pinned_remove(const struct host *host, struct pinned *pinned, struct output *output, struct failure *failure)
{
    int result = 0;

    for (size_t i = 0; !result && i < pinned->count; i++)
        result = mounted_remove(host, &pinned->mounted[i], failure);
    if (result) {
        for (size_t i = 0; i < pinned->count; i++)
            mounted_restore(&pinned->mounted[i]);
        failure->path = INSTANCES_DIRECTORY;
        return result;
    }
    for (size_t i = 0; i < pinned->count; i++)
        pinned_print(&pinned->mounted[i], false, output);
    leave_name(pinned->folder);
    return 0;
}

/* What the caller saw, id 0 for anything unless `none`: nothing else is to go. */
struct expected {
    enum ns_type type;
    uint32_t id;
    bool none;
};

static bool is_expected(const struct expected *expected, const struct mounted *mounted)
{
    if (expected->none)
        return mounted->namespace < 0;
    return expected->id == 0 ||
           (mounted->namespace >= 0 && mounted->type == expected->type && mounted->id == expected->id);
}

static int refuse(const struct expected *expected, struct failure *failure)
{
    fail(failure, "expect", ESTALE);
    failure->type = expected->type;
    failure->detail = expected->none ? "a namespace is mounted on it by now" : "another namespace by now";
    return -ESTALE;
}

/* One that keeps by a descriptor does nothing else. One that is in namespaces is an instance. */
static int end_holder(const struct host *host, const struct instance *instance, struct output *output,
                      struct failure *failure)
{
    struct victim holder = { .pid = instance->pid, .start = instance->start };

    victims_end(host, &holder, 1, HOLDER_GRACE);
    if (holder.signal)
        victim_print(&holder, false, output);
    return holder.error == -ESRCH || !holder.error ? 0 : fail(failure, "pidfd_send_signal", -holder.error);
}

static int unpin_name(const struct host *host, const char *name, const struct expected *expected, bool leftover,
                      struct output *output, struct failure *failure)
{
    struct instance instance;
    struct pinned pinned;
    int result = instance_find(host, name, &instance, failure);
    bool is_held = !result && instance.pid != 0;

    if (result && result != -ENOENT)
        return result;
    if (is_held && instance.members) {
        fail(failure, "name", EBUSY);
        failure->detail = "an instance of this name is running: it ends by `end`";
        return -EBUSY;
    }
    result = pinned_find(host, name, true, leftover, &pinned, failure);
    if (result)
        return result;
    bool keeps = expected->id == 0 || (is_held && instance.held[expected->type] == expected->id);
    for (size_t i = 0; i < pinned.count; i++)
        keeps = keeps || is_expected(expected, &pinned.mounted[i]);
    bool is_nothing = pinned.count == 0 && !is_held && !(instance.has_folder && leftover);
    if (is_nothing) {
        result = fail(failure, "name", ENOENT);
        failure->detail = "nothing of this name is kept";
    } else if (!keeps) {
        result = refuse(expected, failure);
    } else {
        result = pinned_remove(host, &pinned, output, failure);
    }
    if (!result && is_held)
        result = end_holder(host, &instance, output, failure);
    pinned_free(&pinned);
    return result;
}

static int unpin_path(const struct host *host, const char *path, const struct expected *expected, bool leftover,
                      struct output *output, struct failure *failure)
{
    struct mounted mounted;
    int result = mounted_look(host, path, leftover, &mounted, failure);

    if (!result && !is_expected(expected, &mounted)) {
        result = refuse(expected, failure);
        failure->path = path;
    }
    /* An ordinary empty file may be somebody's. */
    if (!result && mounted.namespace < 0 && strncmp(path, NETNS_DIRECTORY "/", strlen(NETNS_DIRECTORY) + 1) != 0 &&
        strncmp(path, INSTANCES_DIRECTORY "/", strlen(INSTANCES_DIRECTORY) + 1) != 0) {
        result = fail(failure, "path", EINVAL);
        failure->path = path;
        failure->detail = "empty files are removed only in /run/netns and /run/linux-namespaces";
    }
    if (!result)
        result = mounted_remove(host, &mounted, failure);
    if (!result) {
        pinned_print(&mounted, false, output);
        size_t top = strlen(INSTANCES_DIRECTORY), length = (size_t)(strrchr(path, '/') - path);
        autofree char *folder = strndup(path, length);
        if (folder && length > top && strncmp(path, INSTANCES_DIRECTORY "/", top + 1) == 0)
            leave_name(folder);
    }
    mounted_close(&mounted);
    return result;
}

int verb_unpin(const struct options *options, struct output *output, struct failure *failure)
{
    const char *what = NULL;
    bool leftover = false;
    struct expected expected = { .type = NS_NONE };
    struct host host;

    for (size_t i = 0; i < options->count; i++) {
        const char *word = options->word[i];
        if (strcmp(word, "--leftover") == 0)
            leftover = true;
        else if (strcmp(word, "--expect=none") == 0)
            expected.none = true;
        else if (strncmp(word, "--expect=", 9) == 0 && namespace_parse(word + 9, &expected.type, &expected.id))
            continue;
        else if (!what && word[0] != '-')
            what = word;
        else
            return fail_usage(failure, "option", "unknown option or argument");
    }
    if (!what || (what[0] != '/' && (!instance_is_name(what) || expected.none)))
        return fail_usage(failure, "option", "unpin takes a name or an absolute path");
    int result = host_open(&host, failure);
    if (result)
        return result;
    result = what[0] == '/' ? unpin_path(&host, what, &expected, leftover, output, failure)
                            : unpin_name(&host, what, &expected, leftover, output, failure);
    host_close(&host);
    if (!result) {
        record_begin(output, "end");
        record_end(output);
    }
    return result;
}
