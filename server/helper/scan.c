#include "scan.h"

#include "procfs.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <time.h>

uint64_t milliseconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool survey_is_complete(const struct survey *survey)
{
    return survey->unreadable == 0 && !survey->host.hidden;
}

static void print_snapshot(const struct survey *survey, struct output *output)
{
    static const char names[][8] = { "proc", "mounts", "ioctl", "tasks", "fds", "sockets", "listns" };
    char boot[64];

    record_begin(output, "snapshot");
    if (read_text_at(survey->host.proc, "sys/kernel/random/boot_id", boot, sizeof boot) > 0)
        json_text(output, "boot", boot);
    json_number(output, "time", (uint64_t)time(NULL));
    json_boolean(output, "complete", survey_is_complete(survey));
    json_array(output, "source");
    for (size_t i = 0; i < array_length(names); i++)
        if (survey->sources & 1u << i)
            json_text(output, NULL, names[i]);
    json_close(output, ']');
    record_end(output);
}

/* Names the part of the scan that failed, unless it said more itself. */
static int part(struct failure *failure, const char *step, int result)
{
    return result && !failure->step ? fail(failure, step, -result) : result;
}

static int take(struct survey *survey, bool deep, struct process_lines *lines, int64_t id, struct failure *failure)
{
    int result = survey_processes(survey, lines, id, failure);

    if (!result)
        result = part(failure, "relations", survey_relations(survey, workers_for(survey->namespaces.count)));
    if (!result && deep)
        result = part(failure, "deep", survey_deep(survey));
    if (!result)
        result = part(failure, "mounts", survey_mounts(survey, workers_for(survey->namespaces.count)));
    if (!result && deep)
        result = part(failure, "listns", survey_listns(survey));
    return result;
}

int scan_run(struct survey *survey, bool deep, struct users *users, struct output *output, struct failure *failure)
{
    struct process_lines lines = { 0 };
    int result = take(survey, deep, &lines, output->id, failure);

    if (!result)
        result = users_add_survey(users, survey);
    if (!result) {
        print_snapshot(survey, output);
        users_print(users, output);
        for (size_t i = 0; i < survey->namespaces.count; i++)
            if (!(survey->namespaces.item[i].flags & NAMESPACE_FREE))
                namespace_print(&survey->namespaces, &survey->namespaces.item[i], output);
        result = process_lines_print(&lines, output);
    }
    process_lines_free(&lines);
    return result;
}

int verb_scan(const struct options *options, struct output *output, struct failure *failure)
{
    struct survey survey;
    struct users users = { 0 };
    uint64_t begin = milliseconds_now();
    int result = survey_open(&survey, failure);

    if (result)
        return result;
    result = scan_run(&survey, options->deep, &users, output, failure);
    if (!result) {
        record_begin(output, "end");
        json_number(output, "processes", survey.process_count);
        json_number(output, "namespaces", survey.namespaces.live);
        json_number(output, "unreadable", survey.unreadable);
        json_number(output, "milliseconds", milliseconds_now() - begin);
        record_end(output);
    }
    users_free(&users);
    survey_close(&survey);
    return result;
}
