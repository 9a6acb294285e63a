/* Any bytes as a file of instances: one JSON list, or JSON lines under its name. */
#include "instance_target.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_instances(data, size, BF_INSTANCES_JSON, false);
    return 0;
}
