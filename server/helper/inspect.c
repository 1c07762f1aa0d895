#include "inspect.h"

#include "mountinfo.h"
#include "procfs.h"
#include "surroundings.h"
#include "text.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <string.h>

/* Mounts of one namespace that are named; the others are counted. */
#define SHARED_MAX 8

struct inspection {
    struct survey survey;
    struct looker looker;
    struct output *output;
    /* Nothing but this namespace, and what is in it; NS_NONE for all. */
    enum ns_type type;
    uint32_t id;
    bool found;
    /* The host's own mount namespace, 0 unknown, and its peer groups in order. */
    uint32_t host_mnt;
    uint64_t *group;
    size_t group_count, group_capacity;
};

/* `TYPE:ID` or `--all`. */
static int read_words(const struct options *options, struct inspection *inspection, struct failure *failure)
{
    const char *word = options->count == 1 ? options->word[0] : "", *colon = strchr(word, ':');
    const char *end = word + strlen(word);
    uint64_t number;

    inspection->type = NS_NONE;
    if (strcmp(word, "--all") == 0)
        return 0;
    if (colon)
        inspection->type = ns_type_by_name(word, (size_t)(colon++ - word));
    if (inspection->type == NS_NONE || !parse_number(&colon, end, &number) || colon != end || number > UINT32_MAX)
        return fail_usage(failure, "option", "inspect takes --all or TYPE:ID");
    inspection->id = (uint32_t)number;
    return 0;
}

static ssize_t read_mounts(struct inspection *inspection, uint32_t pid)
{
    struct looker *looker = &inspection->looker;
    char path[PROC_PATH_SIZE];

    text_format(path, sizeof path, "%u/mountinfo", pid);
    return read_whole_at(inspection->survey.host.proc, path, &looker->mounts, &looker->mounts_capacity);
}

/* Peer groups have one numbering for the whole kernel, so the same number is the same group. */
static int read_host_groups(struct inspection *inspection)
{
    const struct survey *survey = &inspection->survey;
    const char *line, *stop;
    uint32_t group, pid = 0;

    /* That of the first process, or of the kernel's threads, which the second is one of: it may be seen by more. */
    for (size_t i = 0; i < survey->process_count && survey->process[i].pid <= 2; i++)
        if (survey->process[i].ns[NS_PID] == INITIAL_PID && survey->process[i].ns[NS_MNT] != 0) {
            pid = survey->process[i].pid;
            inspection->host_mnt = survey->process[i].ns[NS_MNT];
            break;
        }
    if (pid == 0)
        return 0;
    ssize_t length = read_mounts(inspection, pid);
    struct lines lines = lines_of(inspection->looker.mounts, length);
    while (next_line(&lines, &line, &stop)) {
        if (!mountinfo_peer_group(line, stop, &group))
            continue;
        if (reserve(inspection->group, inspection->group_capacity, inspection->group_count + 1))
            return -ENOMEM;
        inspection->group[inspection->group_count++] = group;
    }
    sort_numbers(inspection->group, inspection->group_count);
    return 0;
}

static void inside_begin(struct inspection *inspection, const struct namespace *namespace, uint32_t pid)
{
    record_begin(inspection->output, "inside");
    json_text(inspection->output, "type", ns_types[namespace->type].name);
    json_number(inspection->output, "id", namespace->id);
    if (pid)
        json_number(inspection->output, "pid", pid);
}

/* Mounts that propagate from here to the host and back. */
static void print_mnt(struct inspection *inspection, const struct namespace *namespace)
{
    const struct mount_view *view =
        namespace->view == NO_INDEX ? NULL : &inspection->survey.view[namespace->view];
    struct output *output = inspection->output;
    const char *line, *stop;
    unsigned count = 0;
    uint32_t group;
    size_t size;

    if (!view || view->pid == 0 || view->tid != 0 || inspection->group_count == 0 ||
        namespace->id == inspection->host_mnt)
        return;
    ssize_t length = read_mounts(inspection, view->pid);
    struct lines lines = lines_of(inspection->looker.mounts, length);
    while (next_line(&lines, &line, &stop)) {
        if (!mountinfo_peer_group(line, stop, &group) ||
            !has_number(inspection->group, inspection->group_count, group))
            continue;
        const char *point = mountinfo_field(line, stop, MOUNTINFO_POINT, &size);
        if (count == 0) {
            inside_begin(inspection, namespace, view->pid);
            json_array(output, "shared");
        }
        if (count++ < SHARED_MAX)
            json_bytes(output, NULL, point, size);
    }
    if (count == 0)
        return;
    json_close(output, ']');
    json_number(output, "mounts", count);
    record_end(output);
}

static void print_pid(struct inspection *inspection, const struct namespace *namespace)
{
    uint32_t shown;

    if (namespace->members == 0 || look_at_proc(&inspection->looker, namespace->lowest, &shown) < 0)
        return;
    inside_begin(inspection, namespace, namespace->lowest);
    json_number(inspection->output, "proc", shown);
    record_end(inspection->output);
}

static void print_net(struct inspection *inspection, const struct namespace *namespace)
{
    int sysfs = namespace->members == 0 ? -ESRCH : look_at_sysfs(&inspection->looker, namespace->lowest);
    int up = look_at_loopback(&inspection->survey, (uint32_t)(namespace - inspection->survey.namespaces.item));

    if (sysfs < 1 && up < 0)
        return;
    inside_begin(inspection, namespace, namespace->members == 0 ? 0 : namespace->lowest);
    if (up >= 0)
        json_boolean(inspection->output, "loopback", up);
    if (sysfs == 1)
        json_boolean(inspection->output, "sysfs", false);
    record_end(inspection->output);
}

static void print_user(struct inspection *inspection, const struct namespace *namespace)
{
    char path[PROC_PATH_SIZE];

    if (namespace->members == 0 || namespace->id == INITIAL_USER)
        return;
    inside_begin(inspection, namespace, namespace->lowest);
    text_format(path, sizeof path, "%u/uid_map", namespace->lowest);
    map_print(&inspection->survey.host, "uid_map", path, inspection->output);
    text_format(path, sizeof path, "%u/gid_map", namespace->lowest);
    map_print(&inspection->survey.host, "gid_map", path, inspection->output);
    record_end(inspection->output);
}

/* The file is about the time namespace of the process's children. */
static void print_time(struct inspection *inspection, const struct namespace *namespace)
{
    const struct survey *survey = &inspection->survey;
    char path[PROC_PATH_SIZE], text[256], key[16];
    const char *line, *stop;

    if (namespace->id == INITIAL_TIME)
        return;
    for (size_t i = 0; i < survey->process_count; i++) {
        uint32_t pid = survey->process[i].pid;
        if (survey->process[i].ns[SLOT_TIME_FOR_CHILDREN] != namespace->id)
            continue;
        text_format(path, sizeof path, "%u/timens_offsets", pid);
        ssize_t length = read_text_at(survey->host.proc, path, text, sizeof text);
        if (length <= 0)
            continue;
        inside_begin(inspection, namespace, pid);
        struct lines lines = lines_of(text, length);
        while (next_line(&lines, &line, &stop)) {
            /* A clock's name, seconds and nanoseconds, in columns. */
            size_t size = strcspn(line, " "), blanks = strspn(line + size, " ");
            if (size >= sizeof key || line + size + blanks > stop)
                continue;
            memcpy(key, line, size);
            key[size] = '\0';
            json_bytes(inspection->output, key, line + size + blanks, (size_t)(stop - line) - size - blanks);
        }
        record_end(inspection->output);
        return;
    }
}

static void print_namespace(struct inspection *inspection, const struct namespace *namespace)
{
    static void (*const print[NS_TYPES])(struct inspection *, const struct namespace *) = {
        [NS_MNT] = print_mnt, [NS_PID] = print_pid, [NS_NET] = print_net, [NS_USER] = print_user, [NS_TIME] = print_time,
    };

    if ((namespace->flags & NAMESPACE_FREE) ||
        (inspection->type != NS_NONE && (namespace->type != inspection->type || namespace->id != inspection->id)))
        return;
    inspection->found = true;
    if (print[namespace->type])
        print[namespace->type](inspection, namespace);
}

/* Where capabilities decide what a process can do to the host, or whether it is held by its root directory. */
static bool rights_matter(const struct inspection *inspection, const struct process *process)
{
    if (inspection->type != NS_NONE && process->ns[inspection->type] != inspection->id)
        return false;
    if (process->flags & PROCESS_UNREADABLE)
        return false;
    return (process->flags & PROCESS_CHROOT) ||
           (inspection->host_mnt != 0 && process->ns[NS_USER] == INITIAL_USER &&
            process->ns[NS_MNT] != inspection->host_mnt && process->ns[NS_PID] != INITIAL_PID);
}

static void print_rights(struct inspection *inspection, const struct process *process)
{
    char path[PROC_PATH_SIZE], text[8192];
    struct proc_stat stat;
    size_t size;

    /* Both from one folder, which stays with the process when the pid is used again. */
    text_format(path, sizeof path, "%u", process->pid);
    autoclose int directory = openat(inspection->survey.host.proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    ssize_t length = directory < 0 ? -1 : read_file_at(directory, "stat", text, sizeof text);
    if (length <= 0 || !parse_stat(text, (size_t)length, &stat) || stat.state == 'Z')
        return;
    length = read_file_at(directory, "status", text, sizeof text);
    const char *value = length > 0 ? find_field(text, (size_t)length, "CapEff", &size) : NULL;
    if (!value)
        return;
    record_begin(inspection->output, "rights");
    json_number(inspection->output, "pid", process->pid);
    json_number(inspection->output, "start", stat.start);
    json_bytes(inspection->output, "effective", value, size);
    record_end(inspection->output);
}

/* Marks the processes whose root is not the root of their mount namespace. */
static void find_roots(struct survey *survey)
{
    char path[PROC_PATH_SIZE], text[2];

    for (size_t i = 0; i < survey->process_count; i++) {
        text_format(path, sizeof path, "%u/root", survey->process[i].pid);
        ssize_t length = readlinkat(survey->host.proc, path, text, sizeof text);
        if (length > 1)
            survey->process[i].flags |= PROCESS_CHROOT;
    }
}

static int inspect(struct inspection *inspection, struct failure *failure)
{
    struct survey *survey = &inspection->survey;
    struct process_lines lines = { 0 };

    survey->links_only = true;
    int result = survey_processes(survey, &lines, NO_ID, failure);
    process_lines_free(&lines);
    if (!result)
        find_roots(survey);
    if (!result)
        result = survey_relations(survey, workers_for(survey->namespaces.count));
    if (!result)
        result = survey_mounts(survey, workers_for(survey->namespaces.count));
    if (!result)
        result = read_host_groups(inspection);
    if (result)
        return result;
    for (size_t i = 0; i < survey->namespaces.count; i++)
        print_namespace(inspection, &survey->namespaces.item[i]);
    for (size_t i = 0; i < survey->process_count; i++)
        if (rights_matter(inspection, &survey->process[i]))
            print_rights(inspection, &survey->process[i]);
    return inspection->found || inspection->type == NS_NONE ? 0 : fail(failure, "inspect", ESRCH);
}

int verb_inspect(const struct options *options, struct output *output, struct failure *failure)
{
    struct inspection inspection = { .output = output };
    int result = read_words(options, &inspection, failure);

    if (!result)
        result = survey_open(&inspection.survey, failure);
    if (result)
        return result;
    inspection.looker.survey = &inspection.survey;
    result = inspect(&inspection, failure);
    if (!result) {
        record_begin(output, "end");
        json_number(output, "processes", inspection.survey.process_count);
        json_number(output, "unreadable", inspection.survey.unreadable);
        record_end(output);
    }
    looker_free(&inspection.looker);
    free(inspection.group);
    survey_close(&inspection.survey);
    return result;
}
