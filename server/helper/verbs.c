#include "verbs.h"

#include "text.h"
#include "util.h"

#include <string.h>

const struct verb verbs[] = {
    { 0, false, verb_version, "version" },
    { OPTION_WORDS, false, verb_facts, "facts [--userns=pid:N]" },
    { OPTION_DEEP, false, verb_scan, "scan [--deep]" },
    { OPTION_INTERVAL | OPTION_BUDGET, false, verb_watch, "watch [--interval=MS] [--budget=PERCENT]" },
    { OPTION_WORDS, false, verb_inspect, "inspect --all | TYPE:ID" },
    { OPTION_WORDS | VERB_SHIELDED, false, verb_create, "create --new=TYPE,… [--OPTION=VALUE …] [-- ARGV…]" },
    { OPTION_WORDS | VERB_SHIELDED, true, verb_enter,
      "enter --target=REF [--only=TYPE,…] [--user=UID[:GID]|root|keep] [--root] [--cwd[=DIR]] [--expect=TYPE:ID] "
      "[--records=FD] [--clear-env] [--env=NAME=VALUE …] [--kill-descendants] --shell[=PATH] "
      "[--fallback=none|busybox|own] | [--program=NAME …] -- ARGV…" },
    { OPTION_WORDS, false, verb_end, "end NAME|REF|pid:N:START [--expect=TYPE:ID] [--grace=MS] [--mounts] [--dry-run]" },
    { OPTION_WORDS, false, verb_pin, "pin REF --name=NAME [--holder] | --path=PATH" },
    { OPTION_WORDS, false, verb_unpin, "unpin NAME|PATH [--expect=TYPE:ID|none] [--leftover]" },
    { OPTION_WORDS, false, verb_rename, "rename NAME NEWNAME" },
    { OPTION_WORDS | VERB_SHIELDED, true, verb_file, "file --target=REF … [--expect=TYPE:ID] [--records=FD]" },
    { OPTION_WORDS, false, verb_sockets, "sockets --target=REF [--expect=net:ID] [--owners]" },
    { OPTION_WORDS, false, verb_relay,
      "relay --target=REF [--expect=net:ID] tcp:ADDRESS:PORT|udp:ADDRESS:PORT|unix:PATH|unix:@NAME | --accepted=NAME" },
    { OPTION_WORDS, false, verb_listen, "listen --target=REF [--expect=net:ID] tcp:ADDRESS:PORT|unix:@NAME" },
    { VERB_SHIELDED, true, verb_serve, "serve" },
};
const size_t verb_count = array_length(verbs);

/* A shorter interval only costs, a longer one than an hour is a mistake. */
#define INTERVAL_MIN 20
#define INTERVAL_MAX 3600000
#define INTERVAL_DEFAULT 500
#define BUDGET_DEFAULT 1.0

static bool parse_whole(const char *text, uint64_t *number)
{
    const char *end = text + strlen(text);

    return parse_number(&text, end, number) && text == end;
}

/* `1`, `0.5`: percent with at most three decimals; strtod would also take hexadecimal, infinity and locales. */
static bool parse_percent(const char *text, double *percent)
{
    const char *end = text + strlen(text);
    uint64_t whole, fraction = 0;
    double scale = 1;

    if (!parse_number(&text, end, &whole))
        return false;
    if (text < end && *text == '.') {
        const char *digits = ++text;
        if (!parse_number(&text, end, &fraction) || text - digits > 3)
            return false;
        for (; digits < text; digits++)
            scale *= 10;
    }
    *percent = (double)whole + (double)fraction / scale;
    return text == end && *percent >= 0.01 && *percent <= 100;
}

static int parse_option(const struct verb *verb, const char *word, struct options *options, struct failure *failure)
{
    uint64_t number;

    if (strcmp(word, "--deep") == 0 && (verb->options & OPTION_DEEP)) {
        options->deep = true;
        return 0;
    }
    if (strncmp(word, "--interval=", 11) == 0 && (verb->options & OPTION_INTERVAL)) {
        if (!parse_whole(word + 11, &number) || number < INTERVAL_MIN || number > INTERVAL_MAX)
            return fail_usage(failure, "option", "--interval takes 20 to 3600000 milliseconds");
        options->interval = (unsigned)number;
        return 0;
    }
    if (strncmp(word, "--budget=", 9) == 0 && (verb->options & OPTION_BUDGET)) {
        if (!parse_percent(word + 9, &options->budget))
            return fail_usage(failure, "option", "--budget takes 0.01 to 100 percent");
        return 0;
    }
    return fail_usage(failure, "option", "unknown option or argument");
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < verb_count; i++)
        if (is_first_word(verbs[i].usage, name))
            return &verbs[i];
    return NULL;
}

bool verb_is_shielded(const char *name)
{
    const struct verb *verb = find_verb(name);

    return verb && (verb->options & VERB_SHIELDED);
}

bool verb_is_top_level(const char *name)
{
    const struct verb *verb = find_verb(name);

    return verb && verb->top_level;
}

int verb_parse(char *const *word, size_t count, const struct verb **verb, struct options *options,
               struct failure *failure)
{
    *options = (struct options){ .interval = INTERVAL_DEFAULT, .budget = BUDGET_DEFAULT };
    *verb = count > 0 ? find_verb(word[0]) : NULL;
    if (!*verb)
        return fail_usage(failure, "verb", count > 0 ? "unknown verb" : "no verb");
    if ((*verb)->options & OPTION_WORDS) {
        options->word = word + 1;
        options->count = count - 1;
        return 0;
    }
    for (size_t i = 1; i < count; i++) {
        int result = parse_option(*verb, word[i], options, failure);
        if (result)
            return result;
    }
    return 0;
}

int verb_run(char *const *word, size_t count, struct output *output, bool within_serve)
{
    const struct verb *verb;
    struct options options;
    struct failure failure = { 0 };
    int result = verb_parse(word, count, &verb, &options, &failure);

    if (!result && within_serve && verb->top_level)
        result = fail_usage(&failure, "verb", "not within serve");
    if (!result)
        result = verb->run(&options, output, &failure);
    if (result && !failure.printed)
        failure_print(output, &failure, result);
    output_flush(output);
    if (failure.usage) {
        if (output->id == NO_ID)
            text_print(STDERR_FILENO, "nshelper: %s\n", failure.detail);
        return 2;
    }
    return result || output->error ? 1 : 0;
}
