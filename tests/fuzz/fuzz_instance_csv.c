/* Any bytes as a file of instances: CSV. */
#include "instance_target.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_instances(data, size, BF_INSTANCES_CSV, false);
    return 0;
}
