/* A PAM module that asks for a one-time code, as second factors do. The code is 123456. Its declarations are PAM's ABI. */
#include <stdlib.h>
#include <string.h>

struct pam_message {
    int msg_style;
    const char *msg;
};

struct pam_response {
    char *resp;
    int resp_retcode;
};

struct pam_conv {
    int (*conv)(int count, const struct pam_message **message, struct pam_response **response, void *data);
    void *appdata_ptr;
};

int pam_get_item(const void *pamh, int item_type, const void **item);

enum { PAM_SUCCESS = 0, PAM_AUTH_ERR = 7, PAM_CONV = 5, PAM_PROMPT_ECHO_OFF = 1 };

int pam_sm_authenticate(void *pamh, int flags, int argc, const char **argv)
{
    const struct pam_message message = { PAM_PROMPT_ECHO_OFF, "Verification code: " }, *messages = &message;
    struct pam_response *response = NULL;
    const void *item = NULL;

    (void)flags, (void)argc, (void)argv;
    if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || !item)
        return PAM_AUTH_ERR;
    const struct pam_conv *conv = item;
    if (conv->conv(1, &messages, &response, conv->appdata_ptr) != PAM_SUCCESS || !response || !response->resp)
        return PAM_AUTH_ERR;
    int result = strcmp(response->resp, "123456") == 0 ? PAM_SUCCESS : PAM_AUTH_ERR;
    free(response->resp);
    free(response);
    return result;
}

int pam_sm_setcred(void *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}
