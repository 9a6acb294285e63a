#include "engine/machine.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/banned.h"

void bf_machine_notice(void *log, bool warning, const char *sentence)
{
    if (warning)
        bf_log_warn(log, "%s", sentence);
    else
        bf_log_info(log, "%s", sentence);
}

const char *bf_machine_api_key(void)
{
    const char *key = getenv("BIFORGET_API_KEY");
    return key && key[0] ? key : NULL;
}
