#include "xla/xla_data.pb.h"
