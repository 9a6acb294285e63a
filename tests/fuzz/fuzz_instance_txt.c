/* Any bytes as a file of instances: plain text, by lines and by paragraphs. */
#include "instance_target.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_instances(data, size, BF_INSTANCES_TXT, false);
    fuzz_instances(data, size, BF_INSTANCES_TXT, true);
    return 0;
}
