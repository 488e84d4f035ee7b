#include "xla/service/custom_call_target_registry.h"
