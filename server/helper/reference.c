#include "reference.h"

#include "nsfs.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PID_MAX 4194304u
#define TITLE "linux-namespaces: "
#define NAME_MAX_LENGTH 64
/* What is left of a name of ip-netns(8) in a mount namespace to which the mount was not passed on. */
#define EMPTY_FILE "an empty file, not a namespace: nothing is mounted on it in this mount namespace"

static int fail_detail(struct failure *failure, const char *step, int number, enum ns_type type, const char *detail)
{
    fail(failure, step, number);
    failure->type = type;
    failure->detail = detail;
    return -number;
}

bool instance_is_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t length = strlen(name);

    return length > 0 && length <= NAME_MAX_LENGTH && name[0] != '.' && strspn(name, allowed) == length &&
           strcmp(name, "helper") != 0;
}

static bool parse_numbers(const char *text, const char *colon, struct reference *reference)
{
    const char *at = colon + 1, *end = text + strlen(text);
    uint64_t number;

    reference->type = ns_type_by_name(text, (size_t)(colon - text));
    if (reference->type == NS_NONE || !parse_number(&at, end, &number) || number == 0 || number > UINT32_MAX)
        return false;
    reference->id = (uint32_t)number;
    reference->kind = REFERENCE_NAMESPACE;
    if (reference->type == NS_PID && number <= PID_MAX) {
        reference->kind = REFERENCE_PROCESS;
        reference->type = NS_NONE;
        if (at < end && *at == ':') {
            at++;
            reference->has_start = parse_number(&at, end, &reference->start);
            if (!reference->has_start)
                return false;
        }
    }
    return at == end;
}

int reference_parse(const char *text, struct reference *reference, struct failure *failure)
{
    const char *colon = strchr(text, ':');

    *reference = (struct reference){ .text = text, .type = NS_NONE, .kind = REFERENCE_PATH };
    if (text[0] == '/')
        return 0;
    if (!colon)
        reference->kind = REFERENCE_NAME;
    if (colon ? parse_numbers(text, colon, reference) : instance_is_name(text))
        return 0;
    return fail_usage(failure, "reference", "a namespace is TYPE:ID, pid:N, pid:N:START, an absolute path or a NAME");
}

/* Takes the descriptor over, and refuses what is not meant. `id` 0 matches any. */
static int proven(const struct host *host, int fd, enum ns_type type, uint32_t id, struct failure *failure)
{
    struct nsfs_identity identity;
    int result = nsfs_identify(host, fd, &identity);

    if (result)
        fail_detail(failure, "nsfs", -result, type, "not a namespace");
    else if (type != NS_NONE && identity.type != type)
        result = fail_detail(failure, "nsfs", EINVAL, type, "a namespace of another type");
    else if (id != 0 && identity.id != id)
        result = fail_detail(failure, "nsfs", ESTALE, type, "another namespace by now");
    if (!result)
        return fd;
    close(fd);
    return result;
}

int reference_open_process(const struct host *host, struct reference *reference, struct failure *failure)
{
    char path[PROC_PATH_SIZE], text[1024];
    struct proc_stat stat;

    text_format(path, sizeof path, "%u", reference->id);
    int fd = openat(host->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? fail_detail(failure, "open", ESRCH, NS_NONE, "there is no such process")
                               : fail(failure, "open", errno);
    ssize_t length = read_file_at(fd, "stat", text, sizeof text);
    int result = 0;
    if (length < 0 || !parse_stat(text, (size_t)length, &stat))
        result = fail_detail(failure, "stat", length < 0 ? (int)-length : ESRCH, NS_NONE, "there is no such process");
    else if (reference->has_start && reference->start != stat.start)
        result = fail_detail(failure, "starttime", ESRCH, NS_NONE, "the pid was reused: it is another process by now");
    if (result) {
        close(fd);
        return result;
    }
    reference->start = stat.start;
    reference->has_start = true;
    return fd;
}

static int open_of_process(const struct host *host, const struct reference *reference, enum ns_type type,
                           struct failure *failure)
{
    struct reference process = *reference;
    char path[PROC_PATH_SIZE];

    autoclose int directory = reference_open_process(host, &process, failure);
    if (directory < 0)
        return directory;
    text_format(path, sizeof path, "ns/%s", ns_types[type].name);
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return proven(host, fd, type, 0, failure);
    int number = errno;
    if (number == ENOENT && host->own[type] == 0 && type != NS_PID)
        return fail_detail(failure, "open", EINVAL, type, "this kernel has no namespaces of this type");
    /* A zombie has a folder, but no namespaces any more. */
    if (number == ENOENT)
        return fail_detail(failure, "open", ESRCH, type, "the process has ended");
    return fail_detail(failure, "open", number, type, NULL);
}

static int open_path(const struct host *host, const char *path, enum ns_type type, struct failure *failure)
{
    autoclose int place = open(path, O_PATH | O_CLOEXEC);
    struct stat status;
    uint32_t id;
    int fd = place < 0 ? -errno : 0;

    if (place >= 0 && !nsfs_is_file(host, place, "", &id)) {
        bool is_empty = fstat(place, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
        fd = fail_detail(failure, "nsfs", EINVAL, type, is_empty ? EMPTY_FILE : "not a namespace");
    } else {
        if (place >= 0)
            fd = nsfs_open_at(host, AT_FDCWD, path, id);
        fd = fd < 0 ? fail_detail(failure, "open", -fd, type, NULL) : proven(host, fd, type, id, failure);
    }
    if (fd < 0)
        failure->path = path;
    return fd;
}

/* Reads the command line of a process. True when it keeps an instance of that name. */
static bool read_title(const struct host *host, uint32_t pid, const char *name, struct instance *instance)
{
    char path[PROC_PATH_SIZE], text[512];
    size_t length = strlen(TITLE), name_length = strlen(name);

    text_format(path, sizeof path, "%u/cmdline", pid);
    ssize_t got = read_file_at(host->proc, path, text, sizeof text - 1);
    if (got <= (ssize_t)(length + name_length) || memcmp(text, TITLE, length) != 0 ||
        memcmp(text + length, name, name_length) != 0)
        return false;
    text[got] = '\0';
    /* The next word comes after a blank, or as a word of its own. */
    const char *at = text + length + name_length;
    if (*at != ' ' && *at != '\0')
        return false;
    *instance = (struct instance){ .pid = pid };
    for (at++; at < text + got && *at;) {
        size_t size = strcspn(at, ",: ");
        enum ns_type type = ns_type_by_name(at, size);
        uint64_t id = 0;
        at += size;
        if (*at == ':' && (at++, !parse_number(&at, text + got, &id)))
            return true;
        if (type != NS_NONE && id == 0)
            instance->members |= 1u << type;
        else if (type != NS_NONE)
            instance->held[type] = (uint32_t)id;
        if (*at != ',')
            break;
        at++;
    }
    return true;
}

/* Anybody can give a process such a name: whose it is decides. */
static int rank(const struct host *host, uint32_t pid)
{
    char path[PROC_PATH_SIZE];
    struct stat status;

    text_format(path, sizeof path, "%u", pid);
    if (fstatat(host->proc, path, &status, 0) < 0)
        return -1;
    return status.st_uid == geteuid() ? 1 : 0;
}

int instance_find(const struct host *host, const char *name, struct instance *instance, struct failure *failure)
{
    autofree uint32_t *pids = NULL;
    size_t capacity = 0;
    int best = -1, equals = 0;
    struct reference process = { .kind = REFERENCE_PROCESS };
    struct stat status;
    char path[128];
    ssize_t count = list_numbers_at(host->proc, ".", &pids, &capacity);

    *instance = (struct instance){ 0 };
    if (count < 0)
        return fail(failure, "getdents64", (int)-count);
    for (ssize_t i = 0; i < count; i++) {
        struct instance found;
        int place = read_title(host, pids[i], name, &found) ? rank(host, pids[i]) : -1;
        if (place > best)
            *instance = found, best = place, equals = 1;
        else if (place >= 0 && place == best)
            equals++;
    }
    if (equals > 1)
        return fail_detail(failure, "name", EEXIST, NS_NONE, "several processes keep something of this name");
    if (instance->pid) {
        process.id = instance->pid;
        autoclose int directory = reference_open_process(host, &process, failure);
        if (directory < 0)
            *instance = (struct instance){ 0 };
        instance->start = process.start;
    }
    text_format(path, sizeof path, INSTANCES_DIRECTORY "/%s", name);
    instance->has_folder = lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
    if (instance->pid || instance->has_folder)
        return 0;
    return fail_detail(failure, "name", ENOENT, NS_NONE, "nothing of this name is kept");
}

static int open_held(const struct host *host, const struct instance *instance, enum ns_type type,
                     struct failure *failure)
{
    autofree uint32_t *numbers = NULL;
    size_t capacity = 0;
    char path[PROC_PATH_SIZE];

    text_format(path, sizeof path, "%u/fd", instance->pid);
    ssize_t count = list_numbers_at(host->proc, path, &numbers, &capacity);
    for (ssize_t i = 0; i < count; i++) {
        text_format(path, sizeof path, "%u/fd/%u", instance->pid, numbers[i]);
        int fd = nsfs_open_at(host, host->proc, path, instance->held[type]);
        if (fd >= 0)
            return proven(host, fd, type, instance->held[type], failure);
    }
    return fail_detail(failure, "name", count < 0 ? (int)-count : ENOENT, type, "its holder does not keep it");
}

/* A path that ends with the function that made it, so the failure names its folder. -ENOENT without a failure. */
static int open_beneath(const struct host *host, const char *folder, const char *name, const char *file,
                        enum ns_type type, struct failure *failure)
{
    char path[192];

    text_format(path, sizeof path, file ? "%s/%s/%s" : "%s/%s", folder, name, file);
    if (access(path, F_OK) < 0)
        return -ENOENT;
    int fd = open_path(host, path, type, failure);
    failure->path = fd < 0 ? folder : failure->path;
    return fd;
}

/* By its mount, which only who may mount could make, else by its holder; a net namespace also by ip-netns(8)'s name. */
static int open_name(const struct host *host, const char *name, enum ns_type type, struct failure *failure)
{
    struct instance instance;
    int result = instance_find(host, name, &instance, failure), fd = -ENOENT;

    if (result && result != -ENOENT)
        return result;
    struct reference process = {
        .kind = REFERENCE_PROCESS, .id = instance.pid, .has_start = true, .start = instance.start
    };
    if (instance.has_folder)
        fd = open_beneath(host, INSTANCES_DIRECTORY, name, ns_types[type].name, type, failure);
    if (fd < 0 && instance.pid && (instance.members >> type & 1))
        fd = open_of_process(host, &process, type, failure);
    else if (fd < 0 && instance.pid && instance.held[type])
        fd = open_held(host, &instance, type, failure);
    if (fd == -ENOENT && type == NS_NET)
        fd = open_beneath(host, NETNS_DIRECTORY, name, NULL, type, failure);
    if (fd == -ENOENT)
        return fail_detail(failure, "name", ENOENT, type, result ? "nothing of this name is kept"
                                                                 : "it keeps no namespace of this type");
    return fd;
}

/* The cheap look: only one link of each process. */
static int find_process(const struct host *host, enum ns_type type, uint32_t id)
{
    autofree uint32_t *pids = NULL;
    size_t capacity = 0;
    ssize_t count = list_numbers_at(host->proc, ".", &pids, &capacity);
    const char *const links[] = { ns_types[type].name, ns_types[type].for_children };

    for (unsigned link = 0; link < array_length(links) && links[link]; link++)
        for (ssize_t i = 0; i < count; i++) {
            char path[PROC_PATH_SIZE];
            uint32_t found;
            text_format(path, sizeof path, "%u/ns/%s", pids[i], links[link]);
            if (read_namespace_link(host->proc, path, &found) || found != id)
                continue;
            int fd = openat(host->proc, path, O_RDONLY | O_CLOEXEC);
            if (fd >= 0 && nsfs_inode(fd, &found) == 0 && found == id)
                return fd;
            if (fd >= 0)
                close(fd);
        }
    return count < 0 ? (int)count : -ENOENT;
}

int reference_survey(struct survey *survey, bool deep, struct failure *failure)
{
    struct process_lines lines = { 0 };
    int result = survey_processes(survey, &lines, NO_ID, failure);

    process_lines_free(&lines);
    if (!result)
        result = survey_relations(survey, workers_for(survey->namespaces.count));
    if (!result && deep)
        result = survey_deep(survey);
    if (!result)
        result = survey_mounts(survey, workers_for(survey->namespaces.count));
    if (!result && deep)
        result = survey_listns(survey);
    return result && !failure->step ? fail(failure, "survey", -result) : result;
}

/* First without the threads and descriptors of all processes, which take the longest. */
static int find_anywhere(enum ns_type type, uint32_t id, struct failure *failure)
{
    int fd = -ENOENT;

    for (int deep = 0; deep < 2 && fd == -ENOENT; deep++) {
        struct survey survey;
        int result = survey_open(&survey, failure);
        if (!result)
            result = reference_survey(&survey, deep, failure);
        uint32_t index = result ? NO_INDEX : namespaces_find(&survey.namespaces, type, id);
        fd = index != NO_INDEX ? survey_open_namespace(&survey, index) : result ? result : -ENOENT;
        survey_close(&survey);
    }
    return fd;
}

static int open_number(const struct host *host, enum ns_type type, uint32_t id, struct failure *failure)
{
    int fd = find_process(host, type, id);

    if (fd < 0 && !is_exhausted(fd))
        fd = find_anywhere(type, id, failure);
    if (fd >= 0)
        return proven(host, fd, type, id, failure);
    if (failure->step)
        return fd;
    if (fd == -ENOENT || fd == -ESRCH || fd == -ESTALE)
        return fail_detail(failure, "find", ENOENT, type, "no namespace of this number can be found or seen");
    return fail_detail(failure, "find", -fd, type, NULL);
}

int reference_open_parsed(const struct host *host, const struct reference *reference, enum ns_type type,
                          struct failure *failure)
{
    if (reference->kind == REFERENCE_PATH)
        return open_path(host, reference->text, type, failure);
    if (reference->kind == REFERENCE_NAMESPACE && (type == NS_NONE || type == reference->type))
        return open_number(host, reference->type, reference->id, failure);
    if (reference->kind == REFERENCE_NAMESPACE)
        return fail_detail(failure, "reference", EINVAL, type, "the reference is of another type");
    if (type == NS_NONE)
        return fail_usage(failure, "reference", "a process and a name need a type beside them");
    return reference->kind == REFERENCE_NAME ? open_name(host, reference->text, type, failure)
                                             : open_of_process(host, reference, type, failure);
}

int reference_open(const char *text, enum ns_type type, struct failure *failure)
{
    struct reference reference;
    struct host host;
    int result = reference_parse(text, &reference, failure);

    if (!result)
        result = host_open(&host, failure);
    if (result)
        return result;
    result = reference_open_parsed(&host, &reference, type, failure);
    host_close(&host);
    return result;
}
