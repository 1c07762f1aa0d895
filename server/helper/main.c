#include "base64.h"
#include "netstring.h"
#include "shield.h"
#include "text.h"
#include "title.h"
#include "util.h"
#include "verbs.h"

#include <signal.h>
#include <string.h>

static void usage(void)
{
    text_print(STDERR_FILENO, "Lists and watches the namespaces of this host as JSON, one record a line.\n");
    for (size_t i = 0; i < verb_count; i++)
        text_print(STDERR_FILENO, "%s nshelper %s\n", i == 0 ? "Usage:" : "      ", verbs[i].usage);
    text_print(STDERR_FILENO, "       nshelper --argv=TOKEN   the same words as base64url of netstrings\n");
}

/* Words of a TOKEN, which no login shell can read differently. */
static int decode_argv(const char *token, struct words *words)
{
    size_t length = strlen(token);
    autofree char *text = malloc(length / 4 * 3 + 3);

    if (!text)
        return -ENOMEM;
    long decoded = base64url_decode(token, length, text);
    return decoded < 0 ? (int)decoded : netstring_split(text, (size_t)decoded, words);
}

int main(int argc, char **argv)
{
    struct output output;
    struct words words = { 0 };
    int status;

    /* A reader that went away is an EPIPE from write, so that what was started is also ended. */
    signal(SIGPIPE, SIG_IGN);
    title_init(argc, argv);
    output_init(&output, STDOUT_FILENO, NO_ID);
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        usage();
        return argc < 2 ? 2 : 0;
    }
    if (argc == 2 && strncmp(argv[1], "--argv=", 7) == 0) {
        int result = decode_argv(argv[1] + 7, &words);
        if (result) {
            struct failure failure = { 0 };
            fail(&failure, "argv", -result);
            failure_print(&output, &failure, result);
            output_flush(&output);
            output_free(&output);
            return 2;
        }
        if (words.count > 0 && verb_is_shielded(words.word[0]))
            shield(argv);
        status = verb_run(words.word, words.count, &output, false);
        words_free(&words);
    } else {
        if (verb_is_shielded(argv[1]))
            shield(argv);
        status = verb_run(argv + 1, (size_t)argc - 1, &output, false);
    }
    output_free(&output);
    return status;
}
